/** Resuming: stopped, killed or out of disk at any moment, a run ends as if nothing had happened, bit for bit. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { latestCheckpoint } from "../src/run/checkpoints.ts";
import { readRun, runPaths } from "../src/run/run-directory.ts";
import { StorageError } from "../src/run/storage-error.ts";
import type { Task } from "../src/tasks/task.ts";
import { installFileFault } from "./helpers/file-faults.ts";
import { probeTask } from "./helpers/probe-task.ts";
import { eventsOf, outcomeOf, runTrain, testFolder, tinyBase, trainInput } from "./helpers/tiny-runs.ts";

const folder = testFolder("resume");
const place = (name: string): string => join(folder, name);
const bin = fileURLToPath(new URL("../bin/aha.mjs", import.meta.url));

/** Moments, spread over a run, at which the disk fills up. */
const PARTS = 5;

/** Two updates a step and a reference that follows every three: a resumed run must restore all of it. */
const rl = { steps: 6, miniBatches: 2, refreshReferenceEvery: 3 };
let base = "";
/** The same run for every test, never stopped; its name is part of the recipe, so that all are `tiny`. */
let whole: ReturnType<typeof outcomeOf>;
before(async () => {
  base = await tinyBase(folder);
  await runTrain(trainInput(base, rl), place("whole"));
  whole = outcomeOf(place("whole"));
  assert.ok(Object.keys(whole.weights as object).some((name) => name.startsWith("reference")));
  writeFileSync(
    place("recipe.mjs"),
    `import { probeTask } from ${JSON.stringify(new URL("helpers/probe-task.ts", import.meta.url).href)};\n` +
      `export default { ...${JSON.stringify(trainInput(base, rl))}, task: probeTask };\n`,
  );
});

/** The probe task, asking for a stop as Ctrl-C does while the given completion is judged. */
function stoppingTask(atJudgement: number): Task {
  let judged = 0;
  const [accuracy, ...others] = probeTask.rewards;
  assert.ok(accuracy);
  const judge: typeof accuracy.judge = (input) => {
    if (++judged === atJudgement) process.emit("SIGINT");
    return accuracy.judge(input);
  };
  return { ...probeTask, rewards: [{ ...accuracy, judge }, ...others] };
}

test("Ctrl-C finishes the step, writes a checkpoint, and the resumed run ends the same", async () => {
  const run = place("stopped");
  // 8 completions are judged before training, then 16 a step: this one falls into step 3.
  const stopped = await runTrain(trainInput(base, rl, { task: stoppingTask(8 + 2 * 16 + 5) }), run);
  assert.deepEqual([stopped.status, stopped.steps, stopped.summary], ["interrupted", 3, null]);
  assert.match(stopped.said, /Finishing this step and writing a checkpoint/);
  assert.equal(latestCheckpoint(runPaths(run).checkpoints)?.step, 3);
  assert.equal(existsSync(runPaths(run).summary), false);
  const resumed = await runTrain(trainInput(base, rl), run, true);
  assert.deepEqual([resumed.status, resumed.steps], ["finished", 6]);
  assert.match(resumed.said, /Going on after step 3 of 6/);
  assert.deepEqual(outcomeOf(run), whole);
  assert.equal(eventsOf(run).filter(({ type }) => type === "resume").length, 1);
});

test("in bfloat16 a resumed run has its float32 masters back", async () => {
  const model = { path: base, dtype: "bfloat16", device: "cpu" };
  const input = (task: Task) => trainInput(base, rl, { model, task, evaluation: { questions: 0 } });
  await runTrain(input(probeTask), place("bf16-whole"));
  await runTrain(input(stoppingTask(16 + 1)), place("bf16"));
  await runTrain(input(probeTask), place("bf16"), true);
  assert.deepEqual(outcomeOf(place("bf16")), outcomeOf(place("bf16-whole")));
});

test("a finished run, resumed with more steps, goes on as if it had been asked for them at once", async () => {
  const run = place("longer");
  await runTrain(trainInput(base, { ...rl, steps: 3 }), run);
  await runTrain(trainInput(base, rl), run, true);
  assert.deepEqual(outcomeOf(run), whole);
  assert.deepEqual(readRun(run).recipe, readRun(place("whole")).recipe, "the recipe kept is the latest");
});

test("a torn event, a damaged checkpoint and an unfinished one are passed over", async () => {
  const run = place("damaged");
  const paths = runPaths(run);
  await runTrain(trainInput(base, rl, { task: stoppingTask(8 + 4 * 16 + 1) }), run);
  appendFileSync(paths.events, '{"type":"metrics","step":6,"met');
  writeFileSync(join(paths.checkpoints, "step-000005", "optimizer.safetensors"), "short");
  await runTrain(trainInput(base, rl), run, true);
  assert.deepEqual(outcomeOf(run), whole);
});

function startAha(
  run: string,
  environment: Readonly<Record<string, string>>,
  flags: readonly string[],
): ChildProcess {
  const resume = existsSync(runPaths(run).recipe) ? ["--resume"] : [];
  const argv = ["train", place("recipe.mjs"), "--run-dir", run, ...resume];
  return spawn(process.execPath, [...flags, bin, ...argv], {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, ...environment },
    cwd: folder,
  });
}

/** Runs `aha train` until it dies in the middle of a change to its files; returns what it said. */
async function dieAt(
  run: string,
  pattern: string,
  count: number,
): Promise<{ signal: string | null; said: string }> {
  const preload = [
    "--import",
    import.meta.resolve("tsx"),
    "--import",
    new URL("helpers/die-at-file.ts", import.meta.url).href,
  ];
  const child = startAha(run, { AHA_TEST_DIE: JSON.stringify({ folder: run, pattern, count }) }, preload);
  let said = "";
  child.stderr?.on("data", (text) => {
    said += text;
  });
  await once(child, "close");
  return { signal: child.signalCode, said };
}

test("killed again and again, in the middle of every kind of write, a run ends as if never killed", async () => {
  const run = place("killed");
  const random = 1 + Math.floor(60 * Math.random());
  const moments: Array<readonly [pattern: string, count: number, what: string]> = [
    ["^writeSync checkpoints/.*step-000000.*model", 1, "the first checkpoint's weights"],
    ["^writeSync rollouts/step-000003", 7, "a step's rollouts"],
    ["^renameSync checkpoints/.step-000004", 1, "a checkpoint's taking its name"],
    ["^writeSync events", 3, "a line of events"],
    ["", random, `change ${random} of its files, drawn at random`],
    ["^(writeSync|writeFileSync) checkpoints/.*step-000006.*(optimizer|state)", 1, "the last checkpoint"],
    ["^rmSync checkpoints/.step-000002", 1, "the removal of an old checkpoint"],
    ["^writeSync evaluations/after", 4, "the final evaluation"],
    ["^writeFileSync .summary", 1, "the summary"],
  ];
  for (const [pattern, count, what] of moments) {
    const { signal, said } = await dieAt(run, pattern, count);
    assert.equal(signal, "SIGKILL", `it should have died in ${what}: ${said}`);
  }
  await runTrain(trainInput(base, rl), run, true);
  assert.deepEqual(outcomeOf(run), whole, `random moment ${random}`);
});

test("a disk that fills up at any write is an error that loses nothing", async () => {
  const counting = place("counted");
  const remove = installFileFault({ folder: counting, pattern: /^/, count: 1e9, kind: "full" });
  await runTrain(trainInput(base, rl), counting);
  const total = remove().length;
  assert.ok(total > 100, `${total} writes`);
  for (let part = 0; part < PARTS; part++) {
    const count = 1 + Math.floor(((part + Math.random()) / PARTS) * total);
    const run = place(`full-${part}`);
    const makeRoom = installFileFault({ folder: run, pattern: /^/, count, kind: "full" });
    let error: unknown;
    try {
      await runTrain(trainInput(base, rl), run);
    } catch (caught) {
      error = caught;
    }
    const change = makeRoom().at(count - 1);
    assert.ok(error instanceof StorageError, `write ${count}, ${change}: ${error}`);
    assert.match(error.message, /no space left on the device.*Nothing is lost: .*--resume/);
    await runTrain(trainInput(base, rl), run, existsSync(runPaths(run).recipe));
    assert.deepEqual(outcomeOf(run), whole, `write ${count}, ${change}`);
    rmSync(run, { recursive: true });
  }
});

test("the program on Ctrl-C: exit code 130, and the command that goes on", async () => {
  const run = place("program");
  const recipe = readFileSync(place("recipe.mjs"), "utf8");
  writeFileSync(place("recipe.mjs"), recipe.replace('"steps":6', '"steps":2000'));
  const child = startAha(run, {}, []);
  let said = "";
  child.stderr?.on("data", (text) => {
    said += text;
    if (/step 1\/2000/.test(said) && !said.includes("Finishing")) child.kill("SIGINT");
  });
  await once(child, "close");
  assert.equal(child.exitCode, 130, said);
  const [, step] = /Stopped after step (\d+); everything is saved\. Go on with:/.exec(said) ?? [];
  assert.equal(latestCheckpoint(runPaths(run).checkpoints)?.step, Number(step));
  assert.match(said, /npx aha train \S+recipe\.mjs --run-dir \S+program --resume/);
  assert.equal(existsSync(runPaths(run).lock), false);
});
