/** The pool under work that loops, crashes, leaks and lies: every task gets its own answer, the pool stays usable. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import ts from "typescript";
import { WorkerPool } from "./worker-pool.ts";
import type { PoolAnswer, WorkerPoolOptions } from "./worker-pool-options.ts";

interface Task {
  readonly kind: string;
  readonly argument?: number;
}

const module = new URL("./testing/unruly-task.ts", import.meta.url);
const pools: WorkerPool<Task, unknown>[] = [];

function makePool(options: Partial<WorkerPoolOptions> = {}): WorkerPool<Task, unknown> {
  const pool = new WorkerPool<Task, unknown>({ module, size: 1, heapMegabytes: 64, ...options });
  pools.push(pool);
  return pool;
}

after(() => Promise.all(pools.map((pool) => pool.close())));

function square(argument: number): Task {
  return { kind: "square", argument };
}

function done(value: unknown): PoolAnswer<unknown> {
  return { status: "done", value };
}

describe("WorkerPool", () => {
  test("answers each task, in order, from one warm worker", async () => {
    const pool = makePool();
    const tasks = Array.from({ length: 500 }, (_, index) => square(index));
    assert.deepEqual(
      await pool.runAll(tasks),
      tasks.map(({ argument = 0 }) => done(argument * argument)),
    );
    const before = pool.processIds;
    assert.equal(before.length, 1);
    assert.deepEqual(await pool.run({ kind: "process" }), done(before[0]));
  });

  for (const kind of ["loop", "regex", "bigint"]) {
    test(`a task that never ends (${kind}) times out; the ones queued with it do not`, async () => {
      const pool = makePool();
      await pool.run(square(1));
      const answers = await Promise.all([
        pool.run(square(2)),
        pool.run({ kind }, 300),
        pool.run(square(3)),
        pool.run({ kind }, 200),
        pool.run(square(4)),
      ]);
      assert.deepEqual(answers, [
        done(4),
        { status: "timeout", deadlineMilliseconds: 300 },
        done(9),
        { status: "timeout", deadlineMilliseconds: 200 },
        done(16),
      ]);
    });
  }

  for (const kind of ["numbers", "objects", "buffers"]) {
    test(`a task that eats memory (${kind}) is an error that says so; the host lives`, async () => {
      const pool = makePool();
      const [before, eater, later] = await Promise.all([
        pool.run(square(2)),
        pool.run({ kind }, 60_000),
        pool.run(square(3)),
      ]);
      assert.deepEqual([before, later], [done(4), done(9)]);
      assert.equal(eater?.status, "error");
      assert.match(eater?.status === "error" ? eater.reason : "", /out of memory/);
    });
  }

  test("a task that throws, overflows the stack or ends its process is an error that names why", async () => {
    const pool = makePool();
    const kinds: [Task, RegExp][] = [
      [{ kind: "throw", argument: 7 }, /RangeError: thrown on purpose: 7/],
      [{ kind: "recursion" }, /RangeError: Maximum call stack/],
      [{ kind: "exit", argument: 3 }, /exited with code 3/],
      [{ kind: "exit", argument: 0 }, /exited with code 0/],
      [{ kind: "nonsense" }, /Expected one of square, /],
    ];
    for (const [task, expected] of kinds) {
      const answer = await pool.run(task);
      assert.equal(answer.status, "error");
      assert.match(answer.status === "error" ? answer.reason : "", expected);
    }
    assert.deepEqual(await pool.run(square(5)), done(25));
  });

  test("what a task prints does not disturb its answers", async () => {
    const pool = makePool();
    const tasks = [1, 100_000, 2].map((argument) => ({ kind: "print", argument }));
    assert.deepEqual(await pool.runAll(tasks), [done(1), done(100_000), done(2)]);
  });

  test("large results come whole", async () => {
    const pool = makePool();
    const answer = await pool.run({ kind: "repeat", argument: 1_000_000 });
    assert.deepEqual(answer, done("é\n".repeat(1_000_000)));
  });

  test("a host whose event loop was blocked past the deadline does not blame its workers", async () => {
    const pool = makePool();
    await pool.run(square(1));
    const pending = Promise.all([pool.run(square(2), 50), pool.run(square(3), 50)]);
    await delay(1);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_500);
    assert.deepEqual(await pending, [done(4), done(9)]);
  });

  test("several workers share the work, and never more than asked for", async () => {
    const pool = makePool({ size: 2, batch: 4 });
    const answers = await pool.runAll(Array.from({ length: 200 }, () => ({ kind: "process" })));
    const ids = new Set(answers.map((answer) => (answer.status === "done" ? answer.value : null)));
    assert.equal(pool.processIds.length, 2);
    assert.ok(ids.size <= 2 && !ids.has(null));
  });

  test("a worker is replaced after so many tasks", async () => {
    const pool = makePool({ tasksPerWorker: 10 });
    const answers = await pool.runAll(Array.from({ length: 35 }, () => ({ kind: "process" })));
    const ids = answers.map((answer) => (answer.status === "done" ? answer.value : null));
    assert.deepEqual(
      [...new Set(ids)].map((id) => ids.filter((other) => other === id).length),
      [10, 10, 10, 5],
    );
  });

  test("refuses what its queue cannot hold, and everything after close", async () => {
    const pool = makePool({ maximumQueue: 2 });
    const accepted = [pool.run(square(1)), pool.run(square(2))];
    await assert.rejects(pool.run(square(3)), { name: "PoolFullError" });
    assert.deepEqual(await Promise.all(accepted), [done(1), done(4)]);
    const running = pool.run({ kind: "loop" }, 60_000);
    await pool.close();
    assert.deepEqual(await running, { status: "error", reason: "the pool was closed" });
    await assert.rejects(pool.run(square(3)), { name: "PoolClosedError" });
    assert.deepEqual(pool.processIds, []);
  });

  test("a module that does not load is an error, not an endless restart", async () => {
    const pool = makePool({ module: new URL("./testing/no-such-module.ts", import.meta.url) });
    const answer = await pool.run(square(1));
    assert.equal(answer.status, "error");
    assert.match(
      answer.status === "error" ? answer.reason : "",
      /no worker starts \(3 attempts\).*no-such-module/s,
    );
  });

  test("idle workers let the host end, and end with it", () => {
    const { processId, status } = runHost("await pool.run({ kind: 'square', argument: 2 });", "");
    assert.equal(status, 0);
    assertGone(processId);
  });

  test("a worker in an endless loop ends when its host is killed", () => {
    const { processId, signal } = runHost(
      "await pool.run({ kind: 'square' }); void pool.run({ kind: 'loop' }, 600_000);",
      "await new Promise((resolve) => setTimeout(resolve, 100)); process.kill(process.pid, 'SIGKILL');",
    );
    assert.equal(signal, "SIGKILL");
    assertGone(processId);
  });

  test("compiled to JavaScript it runs without a TypeScript loader", () => {
    const folder = mkdtempSync(join(tmpdir(), "worker-pool-"));
    try {
      compile(import.meta.dirname, folder);
      compile(join(import.meta.dirname, "testing"), join(folder, "testing"));
      writeFileSync(join(folder, "package.json"), '{"type": "module"}');
      const code = `
        import { WorkerPool } from "./worker-pool.js";
        const module = new URL("file://${folder}/testing/unruly-task.js");
        const pool = new WorkerPool({ module, size: 1 });
        const stuck = pool.run({ kind: "loop" }, 100);
        console.log(JSON.stringify([await stuck, await pool.run({ kind: "square", argument: 3 })]));`;
      const flags = ["--input-type=module", "--eval", code];
      const host = spawnSync(process.execPath, flags, { cwd: folder, encoding: "utf8" });
      const expected = [{ status: "timeout", deadlineMilliseconds: 100 }, done(9)];
      assert.deepEqual(JSON.parse(host.stdout || "null"), expected, host.stderr);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

/** Compiles a folder's sources one by one, as a build for publishing does. */
function compile(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  const compilerOptions: ts.CompilerOptions = {
    module: ts.ModuleKind.ESNext,
    target: ts.ScriptTarget.ES2022,
    rewriteRelativeImportExtensions: true,
  };
  for (const name of readdirSync(from).filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))) {
    const { outputText } = ts.transpileModule(readFileSync(join(from, name), "utf8"), { compilerOptions });
    writeFileSync(join(to, name.replace(/\.ts$/, ".js")), outputText);
  }
}

/** A host of its own that prints its worker's process id between the two pieces of code. */
function runHost(
  before: string,
  after: string,
): { processId: number; status: number | null; signal: string | null } {
  const code = `
    import { WorkerPool } from ${JSON.stringify(new URL("./worker-pool.ts", import.meta.url).href)};
    const pool = new WorkerPool({ module: new URL(${JSON.stringify(module.href)}), size: 1 });
    ${before}
    process.stdout.write(String(pool.processIds[0]));
    ${after}`;
  const flags = ["--import", import.meta.resolve("tsx"), "--input-type=module", "--eval", code];
  const host = spawnSync(process.execPath, flags, { encoding: "utf8" });
  assert.match(host.stdout, /^\d+$/, host.stderr);
  return { processId: Number(host.stdout), status: host.status, signal: host.signal };
}

/** Waits until the process is no more; the test's own time limit is the only clock. */
function assertGone(processId: number): void {
  while (existsSync(`/proc/${processId}/cmdline`) && isAlive(processId)) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
  }
  assert.equal(isAlive(processId), false);
}

function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch {
    return false;
  }
}
