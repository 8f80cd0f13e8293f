/** The parts behind the commands: gathering, named tasks, doctor's findings. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { loadTask, resolveReference } from "../recipe/task-registry.ts";
import { doctorReport, findingsOf } from "./doctor-report.ts";
import { gather } from "./gather.ts";
import { knownTasks } from "./known-tasks.ts";

async function* yieldAll<Item>(
  items: readonly Item[],
  pauseAfter = -1,
  failure?: Error,
): AsyncGenerator<Item> {
  for (const [index, item] of items.entries()) {
    yield item;
    if (index === pauseAfter) await new Promise((resolve) => setTimeout(resolve, 150));
  }
  if (failure !== undefined) throw failure;
}

async function collect<Item>(batches: AsyncIterable<Item>): Promise<Item[]> {
  const found: Item[] = [];
  for await (const batch of batches) found.push(batch);
  return found;
}

const options = { size: (item: number) => item, limit: 10, pauseMilliseconds: 60_000 };

test("batches hold consecutive items up to the limit; a larger item stands alone", async () => {
  const items = [4, 6, 1, 30, 5, 5, 5];
  assert.deepEqual(await collect(gather(yieldAll(items), options)), [[4, 6], [1], [30], [5, 5], [5]]);
  assert.deepEqual(await collect(gather(yieldAll([]), options)), []);
});

test("a source that pauses gets what it has given so far", async () => {
  const batches = gather(yieldAll([1, 2, 3], 1), { ...options, pauseMilliseconds: 10 });
  assert.deepEqual(await collect(batches), [[1, 2], [3]]);
});

test("an error of the source comes after the items before it; giving up closes the source", async () => {
  const found: number[][] = [];
  await assert.rejects(async () => {
    for await (const batch of gather(yieldAll([1, 2], -1, new Error("broken")), options)) found.push(batch);
  }, /broken/);
  assert.deepEqual(found, [[1, 2]]);
  let closed = false;
  async function* endless(): AsyncGenerator<number> {
    try {
      for (;;) yield 10;
    } finally {
      closed = true;
    }
  }
  for await (const _ of gather(endless(), options)) break;
  assert.equal(closed, true);
});

test("a task is made by its name and options; mistakes name the nearest", async () => {
  const task = await loadTask({ name: "countdown", numbers: 4, heldOut: 2, train: 1 }, knownTasks);
  assert.equal(task.heldOut.length, 2);
  assert.match(task.heldOut[0]?.id ?? "", /^countdown:\d+-\d+-\d+-\d+=\d+$/);
  assert.throws(
    () => resolveReference({ name: "cuontdown" }, knownTasks, "task"),
    /did you mean "countdown"/,
  );
  assert.throws(
    () => resolveReference({ name: "countdown", numbrs: 4 }, knownTasks, "task"),
    /task\.numbrs.*did you mean "numbers"/,
  );
  assert.throws(
    () => resolveReference({ name: "countdown", numbers: "4" }, knownTasks, "task"),
    /task\.numbers/,
  );
});

test("doctor looks the machine over; every problem has a remedy", async () => {
  const findings = await doctorReport();
  const names = findings.map(({ name }) => name);
  for (const name of ["Node.js", "processor", "memory", "disk", "GPU"]) assert.ok(names.includes(name), name);
  for (const { status, remedy } of findings) if (status === "missing") assert.ok(remedy !== undefined);
});

test("a bare machine's facts become what is missing and what mends it", () => {
  const findings = findingsOf({
    node: { version: "v18.0.0", abi: "108", ok: false },
    packages: { installed: false },
    compiler: null,
    python: null,
    libtorch: null,
    passedOver: ["/usr/bin/python3 has no torch"],
    addon: { state: "cannot be built", key: null, path: null, builtAt: null },
    processor: { model: "some", cores: 2, features: { avx2: true, amx_bf16: false } },
    memory: { totalBytes: 8e9, freeBytes: 0.5e9 },
    disk: { freeBytes: 1e9 },
    gpus: [],
    problems: [{ problem: "There is no C++ compiler.", remedies: ["apt install g++", "npm run setup"] }],
  });
  const statuses = Object.fromEntries(findings.map(({ name, status }) => [name, status]));
  assert.deepEqual(statuses, {
    LibTorch: "warning",
    processor: "ok",
    memory: "warning",
    disk: "warning",
    GPU: "ok",
    problem: "missing",
  });
  assert.equal(findings.at(-1)?.remedy, "apt install g++; npm run setup");
});
