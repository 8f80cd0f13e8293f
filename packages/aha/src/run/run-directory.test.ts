/** A run directory over its life: started, killed, resumed, read. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { latestCheckpoint } from "./checkpoints.ts";
import { readRollouts, rolloutSteps, shortFloat32 } from "./rollout-files.ts";
import {
  RunDirectoryError,
  readRun,
  readStepRollouts,
  resumeRun,
  runPaths,
  startRun,
} from "./run-directory.ts";
import { RunLockedError, takeRunLock } from "./run-lock.ts";
import type { RolloutRecord } from "./run-records.ts";

const root = mkdtempSync(join(tmpdir(), "aha-run-"));
after(() => rmSync(root, { recursive: true }));

const metrics = (step: number) => ({ type: "metrics", step, metrics: { reward: step / 10 } }) as const;
const stepsOf = (path: string) => readRun(path).events.map(({ step, type }) => `${type} ${step}`);

const record: RolloutRecord = {
  step: 1,
  question: "q",
  sample: 0,
  prompt: "1 + 1?",
  completion: "<think>\n</think>",
  finish: "stop",
  promptTokenIds: [1],
  tokenIds: [2, 3],
  logProbabilities: Float32Array.of(-0.1, -1 / 3),
  reward: 1,
  breakdown: { accuracy: { value: 1, outcome: "correct" } },
  advantage: 0.5,
};

test("a resumed run goes on from the checkpoint; nothing is told twice", async () => {
  const path = join(root, "resume");
  const run = startRun(path, { name: "resume" });
  const write = (step: number) => {
    run.record(metrics(step));
    const rollouts = run.rollouts(step);
    rollouts.append({ ...record, step });
    rollouts.close();
  };
  write(1);
  write(2);
  const saved = await run.checkpoint(() => undefined, { step: 2, keep: 1 });
  run.record({
    type: "evaluation",
    when: "during",
    step: 2,
    summary: { accuracy: 0, mean_length: 0, format: 0, reflection: {} },
  });
  write(3);
  run.close();
  appendFileSync(runPaths(path).events, '{"type":"metrics","step":4,"met');

  const resumed = resumeRun(path);
  assert.deepEqual(resumed.resumedFrom, saved);
  assert.deepEqual(stepsOf(path), ["metrics 1", "metrics 2"]);
  assert.deepEqual(rolloutSteps(runPaths(path).rollouts), [1, 2]);
  resumed.record(metrics(3));
  resumed.close();
  assert.deepEqual(stepsOf(path), ["metrics 1", "metrics 2", "metrics 3"]);
});

test("a run killed before its first checkpoint starts anew", () => {
  const path = join(root, "early");
  const run = startRun(path, { name: "early" });
  run.record(metrics(1));
  run.close();
  const resumed = resumeRun(path);
  assert.equal(resumed.resumedFrom, undefined);
  assert.deepEqual(stepsOf(path), []);
  resumed.close();
});

test("a run is not overwritten, and not resumed where there is none", async () => {
  const path = join(root, "kept");
  const run = startRun(path, {});
  await run.checkpoint(() => undefined, { step: 1, keep: 1 });
  run.close();
  assert.throws(() => startRun(path, {}), /already holds a run\. Go on with it by --resume/);
  assert.throws(() => resumeRun(join(root, "absent")), RunDirectoryError);
  assert.throws(() => readRun(join(root, "absent")), /holds no run/);
  resumeRun(path).close();
});

test("what made no step is started over; what made one is not", async () => {
  const path = join(root, "over");
  const begin = async () => {
    const run = startRun(path, {});
    await run.checkpoint((folder) => writeFileSync(join(folder, "state"), "0"), { step: 0, keep: 1 });
    return run;
  };
  (await begin()).close();
  const again = await begin();
  assert.equal(again.resumedFrom, undefined);
  again.record(metrics(1));
  again.close();
  assert.throws(() => startRun(path, {}), /already holds a run/);
  const resumed = resumeRun(path, { changed: "harmlessly" });
  assert.equal(resumed.resumedFrom?.step, 0);
  resumed.close();
  assert.deepEqual(readRun(path).recipe, { changed: "harmlessly" });
});

test("nothing is cleared away that no run has put there", () => {
  const path = join(root, "theirs");
  mkdirSync(join(path, "checkpoints", "precious"), { recursive: true });
  assert.throws(() => startRun(path, {}), /no recipe\.json: no run of ours put it there/);
  assert.equal(existsSync(join(path, "checkpoints", "precious")), true);
  const file = join(root, "file");
  writeFileSync(file, "");
  assert.throws(() => startRun(file, {}), /is a file; name a folder/);
});

test("a step's checkpoint is written once: replacing it could only lose it", async () => {
  const path = join(root, "once");
  const run = startRun(path, {});
  const write = (text: string) => (folder: string) => writeFileSync(join(folder, "state"), text);
  const first = await run.checkpoint(write("first"), { step: 1, keep: 1 });
  assert.deepEqual(await run.checkpoint(write("second"), { step: 1, keep: 1 }), first);
  assert.equal(readFileSync(join(first.path, "state"), "utf8"), "first");
  assert.deepEqual(run.lastCheckpoint, first);
  run.close();
});

test("rollouts come back as they were written, log-probabilities bit for bit", () => {
  const path = join(root, "rollouts");
  const run = startRun(path, {});
  const writer = run.rollouts(7);
  writer.append(record);
  writer.close();
  run.close();
  const [back] = readStepRollouts(path, 7);
  assert.deepEqual(Float32Array.from(back?.logProbabilities ?? []), record.logProbabilities);
  assert.deepEqual({ ...back, logProbabilities: null }, { ...record, logProbabilities: null });
  assert.equal(shortFloat32(Math.fround(0.1)), 0.1);
});

test("two trainers cannot share a run directory; a dead one's lock is taken over", () => {
  const path = join(root, "locked");
  const run = startRun(path, {});
  assert.throws(() => resumeRun(path), RunLockedError);
  run.close();
  const { lock } = runPaths(path);
  const holder = { pid: process.pid, host: readHost(), started: "0" };
  for (const stale of [JSON.stringify(holder), '{"pid":', JSON.stringify({ ...holder, pid: 2 ** 22 + 1 })]) {
    writeFileSync(lock, stale);
    takeRunLock(lock).release();
    assert.equal(existsSync(lock), false);
  }
  // Left by processes killed on the way; another machine's may still be on its way.
  const [dead, theirs] = [`${lock}.${2 ** 22 + 1}`, `${lock}.77`];
  writeFileSync(dead, '{"pid":');
  writeFileSync(theirs, JSON.stringify({ ...holder, host: "elsewhere" }));
  takeRunLock(lock).release();
  assert.deepEqual([existsSync(dead), existsSync(theirs)], [false, true]);
  writeFileSync(lock, JSON.stringify({ ...holder, host: "elsewhere" }));
  assert.throws(() => takeRunLock(lock), /on elsewhere/);
});

test("a killed trainer whose parent has not noticed yet holds no lock", () => {
  const path = join(root, "zombie");
  mkdirSync(path);
  const { lock } = runPaths(path);
  const code = `
    import { takeRunLock } from ${JSON.stringify(new URL("./run-lock.ts", import.meta.url).href)};
    takeRunLock(${JSON.stringify(lock)});
    setInterval(() => undefined, 1000);`;
  const flags = ["--import", import.meta.resolve("tsx"), "--input-type=module", "--eval", code];
  const child = spawn(process.execPath, flags, { stdio: "ignore" });
  // Node.js reaps its children in the event loop, which this test never returns to: the child stays a zombie.
  const pause = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
  for (let attempt = 0; attempt < 3000 && !existsSync(lock); attempt++) pause();
  assert.throws(() => takeRunLock(lock), RunLockedError);
  child.kill("SIGKILL");
  const taken = () => {
    try {
      takeRunLock(lock).release();
      return true;
    } catch (error) {
      if (error instanceof RunLockedError) return false;
      throw error;
    }
  };
  for (let attempt = 0; attempt < 500 && !taken(); attempt++) pause();
  assert.equal(existsSync(lock), false);
});

function readHost(): string {
  const lock = takeRunLock(join(root, "probe"));
  const { host } = JSON.parse(readFileSync(join(root, "probe"), "utf8"));
  lock.release();
  return host;
}

/** A trainer in miniature: each step's content depends on the one before, as a model's weights do. */
const trainer = `
import { writeFileSync, readFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import { resumeRun, startRun } from ${JSON.stringify(new URL("./run-directory.ts", import.meta.url).href)};
const [path, last] = [process.argv[1], Number(process.argv[2])];
const run = existsSync(join(path, "recipe.json")) ? resumeRun(path) : startRun(path, {});
let state = run.resumedFrom === undefined ? 1 : Number(readFileSync(join(run.resumedFrom.path, "state"), "utf8"));
for (let step = (run.resumedFrom?.step ?? 0) + 1; step <= last; step++) {
  state = (state * 48271) % 2147483647;
  const rollouts = run.rollouts(step);
  for (let sample = 0; sample < 4; sample++) rollouts.append({ step, sample, prompt: "", completion: String(state) , logProbabilities: [], tokenIds: [] });
  rollouts.close();
  run.record({ type: "metrics", step, time: step, metrics: { state } });
  if (step % 3 === 0 || step === last) {
    await run.checkpoint(async (folder) => {
      for (let part = 0; part < 20; part++) {
        writeFileSync(join(folder, "part-" + part), Buffer.alloc(20000, step));
        await new Promise(setImmediate);
      }
      writeFileSync(join(folder, "state"), String(state));
    }, { step, keep: 2 });
  }
}
run.close();
`;

function startTrainer(path: string, steps: number): ChildProcess {
  const flags = [
    "--import",
    import.meta.resolve("tsx"),
    "--input-type=module",
    "--eval",
    trainer,
    "--",
    path,
    String(steps),
  ];
  return spawn(process.execPath, flags, { stdio: ["ignore", "ignore", "inherit"] });
}

async function finished(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  return child.exitCode;
}

test("killed at random points again and again, a run ends as if never killed", async () => {
  const steps = 60;
  const [whole, killed] = [join(root, "whole"), join(root, "killed")];
  assert.equal(await finished(startTrainer(whole, steps)), 0);
  let kills = 0;
  for (let attempt = 0; attempt < 6; attempt++) {
    const child = startTrainer(killed, steps);
    const start = latestCheckpoint(runPaths(killed).checkpoints)?.step ?? 0;
    // Waits for progress, not for a time: the kill then falls anywhere in a step or a checkpoint's writing.
    while (child.exitCode === null && (latestCheckpoint(runPaths(killed).checkpoints)?.step ?? 0) <= start) {
      await setTimeout(2);
    }
    await setTimeout(Math.random() * 15);
    if (child.kill("SIGKILL")) kills++;
    await finished(child);
  }
  assert.equal(await finished(startTrainer(killed, steps)), 0);
  assert.ok(kills > 0);
  const read = (path: string, name: string) => readFileSync(join(path, name), "utf8");
  assert.equal(read(killed, "events.jsonl"), read(whole, "events.jsonl"));
  for (const step of rolloutSteps(runPaths(whole).rollouts)) {
    const name = `rollouts/step-${String(step).padStart(6, "0")}.jsonl`;
    assert.equal(read(killed, name), read(whole, name));
    assert.equal([...readRollouts(join(killed, name))].length, 4);
  }
  const [last, other] = [killed, whole].map((path) => latestCheckpoint(runPaths(path).checkpoints));
  assert.equal(last?.step, steps);
  assert.equal(read(last?.path ?? "", "state"), read(other?.path ?? "", "state"));
});
