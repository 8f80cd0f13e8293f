/** Waiting sandboxes, and what becomes of everything when a process dies. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { after, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { Bubblewrap } from "./bubblewrap.ts";
import { describeSandbox } from "./describe-sandbox.ts";
import { Keeper } from "./keeper/keeper.ts";
import { completeLimits } from "./limits.ts";
import { closeSandboxes, runTests } from "./run-tests.ts";
import type { SandboxCommand } from "./sandbox.ts";
import { SandboxError } from "./sandbox-error.ts";
import { commandLine, leftProcesses, marker, skip } from "./testing/attacks.ts";
import { WarmPool } from "./warm-pool.ts";

after(closeSandboxes);

const limits = completeLimits({ wallSeconds: 5 });
/** Says who it is when its work comes, and was started when its clock says. */
const waiting = (name: string): SandboxCommand => ({
  runtime: "shell",
  parameters: ["/bin/sh", "-c", `read word; echo "$word" ${name}`],
  files: {},
  limits,
  waits: true,
});

async function serve(pool: WarmPool, command: SandboxCommand, word: string): Promise<string> {
  const running = pool.start(command);
  running.stdin.end(`${word}\n`);
  running.stderr.resume();
  let text = "";
  for await (const part of running.stdout) text += String(part);
  assert.equal((await running.exited).reason, "exited");
  return text.trim();
}

/** Resolves when no process carries the mark; the machine may be busy. */
async function untilGone(mark: string): Promise<void> {
  while (leftProcesses(mark).length > 0) await wait(20);
}

async function untilThere(mark: string, count: number): Promise<void> {
  while (leftProcesses(mark).length < count) await wait(20);
}

test("killing in any moment of the start leaves nothing", { skip, timeout: 120_000 }, async () => {
  const mark = `${marker}-early`;
  const sandbox = new Bubblewrap();
  for (let n = 0; n < 60; n++) {
    const running = sandbox.start({ ...waiting(mark), waits: false });
    for (const stream of [running.stdout, running.stderr]) stream.resume();
    if (n % 3 === 1) await new Promise((resolve) => setImmediate(resolve));
    if (n % 3 === 2) await wait(n / 6);
    running.kill();
    assert.equal((await running.exited).reason, "killed");
    assert.deepEqual(leftProcesses(mark), []);
  }
});

test("a pool serves each piece of work in a sandbox of its own, kept by command", { skip }, async () => {
  const pool = new WarmPool(new Bubblewrap(), 2);
  const mark = `${marker}-pool`;
  for (let n = 0; n < 5; n++)
    for (const name of [`${mark}-a`, `${mark}-b`])
      assert.equal(await serve(pool, waiting(name), `word${n}`), `word${n} ${name}`);
  await untilThere(mark, 4);
  pool.close();
  await untilGone(mark);
});

test("a sandbox that died while it waited is not handed out", { skip }, async () => {
  const pool = new WarmPool(new Bubblewrap(), 1);
  const mark = `${marker}-dead`;
  assert.equal(await serve(pool, waiting(mark), "one"), `one ${mark}`);
  const shells = (): string[] =>
    leftProcesses(mark, "ids").filter((id) => commandLine(id).startsWith("/bin/sh\0-c\0read"));
  while (shells().length < 1) await wait(20);
  for (const id of shells()) process.kill(Number(id), "SIGKILL");
  await untilGone(mark);
  await wait(50);
  assert.equal(await serve(pool, waiting(mark), "two"), `two ${mark}`);
  pool.close();
  await untilGone(mark);
});

test("a keeper that ends takes its sandboxes along, and says so", { skip }, async () => {
  const keeper = new Keeper();
  const mark = `${marker}-keeper`;
  const source = `import os; os.execv("/bin/sh", ["sh", "-c", "while :; do sleep 1; done", "${mark}"])`;
  const running = keeper.run({ language: "python", source }, [{ kind: "io", stdin: "", stdout: "" }], {});
  await untilThere(mark, 1);
  // Nothing is left once it has closed.
  const closed = keeper.close();
  await assert.rejects(running, SandboxError);
  assert.equal(keeper.gone, true);
  await closed;
  assert.deepEqual(leftProcesses(mark), []);
});

test("a host that is killed leaves nothing behind", { skip }, async () => {
  const mark = `${marker}-host`;
  const script = `
const { runTests } = await import(${JSON.stringify(new URL("run-tests.ts", import.meta.url).href)});
const source = 'import os; os.execv("/bin/sh", ["sh", "-c", "while :; do sleep 1; done", os.environ["HOME"] + "' + process.argv[1] + '"])';
await runTests({ language: "python", source }, [{ kind: "io", stdin: "", stdout: "" }], { wallSeconds: 1000 });`;
  const flags = process.execArgv.filter((flag) => !flag.includes("test"));
  const host = spawn(process.execPath, [...flags, "--input-type=module", "-e", script, mark], {
    stdio: "inherit",
  });
  // The host's own command line bears the mark as well.
  await untilThere(`/tmp/work${mark}`, 1);
  host.kill("SIGKILL");
  await untilGone(mark);
});

test("a host that has no more to do ends, waiting sandboxes or not", { skip }, async () => {
  const script = `
const { runTests } = await import(${JSON.stringify(new URL("run-tests.ts", import.meta.url).href)});
const report = await runTests({ language: "python", source: "print(1)" }, [{ kind: "io", stdin: "", stdout: "1" }]);
console.log(report.outcome);`;
  const flags = process.execArgv.filter((flag) => !flag.includes("test"));
  const host = spawn(process.execPath, [...flags, "--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  for await (const part of host.stdout) text += String(part);
  assert.equal(text.trim(), "correct");
});

test("what is described is what there is", { skip }, async () => {
  const description = await describeSandbox();
  assert.deepEqual(description.bubblewrap, { available: true });
  for (const [language, runtime] of [
    ["python", "python"],
    ["javascript", "node"],
    ["cpp", "cpp"],
    ["typescript", "typescript"],
  ] as const) {
    const available = description.runtimes[runtime].available;
    const source = language === "cpp" ? "int main() {}" : "";
    const run = runTests({ language, source }, [{ kind: "io", stdin: "", stdout: "" }]);
    if (available) assert.equal((await run).outcome, "correct", language);
    else assert.notEqual((await run.catch(() => null))?.outcome, "correct", language);
  }
});
