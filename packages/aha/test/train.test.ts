/** A reinforcement run from the outside: what it does step by step, what it leaves, and what it refuses. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { liveTensors, noGrad, scope } from "@aha/torch";
import { openDenseModel, openModel, saveModel } from "../src/models/load-model.ts";
import { readStepRollouts, runPaths } from "../src/run/run-directory.ts";
import type { RunSummary } from "../src/run/run-records.ts";
import type { Judgement, RewardInput, Task } from "../src/tasks/task.ts";
import { questionsOfStep } from "../src/training/question-order.ts";
import {
  eventsOf,
  metricsOf,
  outcomeOf,
  runTrain,
  testFolder,
  tinyBase,
  trainInput,
} from "./helpers/tiny-runs.ts";

const folder = testFolder("train");
const place = (name: string): string => join(folder, name);
let base = "";
before(async () => {
  base = await tinyBase(folder);
});

/** Twelve questions that all read the same to the model; the reward sees the completion. */
function taskOf(judge: (input: RewardInput) => Judgement | Promise<Judgement>, name = "accuracy"): Task {
  const question = (id: number) => ({ id: `q${id}`, prompt: "User: Make 7", columns: {} });
  const questions = Array.from({ length: 20 }, (_, id) => question(id));
  return {
    name: "probe",
    train: questions.slice(0, 12),
    heldOut: questions.slice(12),
    rewards: [{ name, weight: 1, judge }],
  };
}

const quick = { evaluation: { questions: 0 }, checkpoint: { every: 0 } };
const byLength = taskOf(({ completion }) => ({ value: completion.length % 3 }));

const documented = [
  ...["loss", "grad_norm", "learning_rate", "epoch", "num_tokens", "step_time", "entropy", "kl"],
  ...["reward", "reward_std", "frac_reward_zero_std", "completions/clipped_ratio"],
  ...["completions/mean_length", "completions/min_length", "completions/max_length"],
  ...["rewards/accuracy/mean", "rewards/accuracy/std", "rewards/format/mean", "reflection/wait"],
  ...["clip_ratio/low_mean", "clip_ratio/low_min", "clip_ratio/high_mean", "clip_ratio/high_max"],
  ...["clip_ratio/region_mean", "sampling/sampling_logp_difference/mean"],
  ...["sampling/sampling_logp_difference/max", "sampling/importance_sampling_ratio/min"],
  ...["sampling/importance_sampling_ratio/mean", "sampling/importance_sampling_ratio/max"],
  ...["time/rollout", "time/reward", "time/reference", "time/train"],
  ...["tokens_per_second/rollout", "tokens_per_second/train"],
];

test("a run leaves everything that is documented, and no tensor", async () => {
  const live = liveTensors();
  const run = place("whole");
  const { status, steps, summary, said } = await runTrain(trainInput(base), run);
  assert.deepEqual([status, steps], ["finished", 6]);
  assert.equal(liveTensors(), live);

  const paths = runPaths(run);
  const written: RunSummary = JSON.parse(readFileSync(paths.summary, "utf8"));
  assert.deepEqual<unknown>(written, summary);
  assert.deepEqual(Object.keys(written), ["recipe", "steps", "seconds", "device", "before", "after", "cost"]);
  assert.deepEqual([written.recipe, written.steps, written.device], ["tiny", 6, "cpu"]);
  for (const when of ["before", "after"] as const) {
    assert.deepEqual(Object.keys(written[when]), ["accuracy", "mean_length", "format", "reflection"]);
    assert.ok(Number.isFinite(written[when].reflection.wait));
    assert.ok(written[when].mean_length > 0);
  }
  const metrics = metricsOf(run);
  assert.equal(metrics.length, 6);
  for (const one of metrics) {
    for (const name of documented) assert.ok(Number.isFinite(one[name]), `${name} is ${one[name]}`);
    const outcomes = Object.entries(one).filter(([name]) => name.startsWith("outcome/accuracy/"));
    assert.equal(
      outcomes.reduce((sum, [, count]) => sum + count, 0),
      16,
    );
    assert.ok((one["sampling/sampling_logp_difference/max"] ?? 1) < 1e-4, "on-policy in float32");
    const phases = Object.entries(one).filter(([name]) => name.startsWith("time/"));
    assert.ok(phases.every(([, seconds]) => seconds >= 0));
  }
  assert.deepEqual(
    eventsOf(run).map(({ type, step }) => `${type} ${step}`),
    [
      ...["start 0", "evaluation 0", "checkpoint 0", "metrics 1", "metrics 2", "sample 2", "checkpoint 2"],
      ...["metrics 3", "metrics 4", "sample 4", "checkpoint 4", "metrics 5", "metrics 6", "sample 6"],
      ...["checkpoint 6", "evaluation 6", "finish 6"],
    ],
  );
  assert.deepEqual(readdirSync(paths.checkpoints).sort(), ["step-000004", "step-000006"]);
  assert.match(readFileSync(paths.report, "utf8"), /<svg/);
  const [events] = readdirSync(paths.tensorboard);
  assert.match(events ?? "", /^events\.out\.tfevents\.\d+/);
  assert.ok(readFileSync(join(paths.tensorboard, events ?? "")).includes("rewards/accuracy/mean"));
  assert.equal(readdirSync(paths.evaluations).join(), "after.jsonl,before.jsonl");
  assert.match(said, /about \S+ \S+ of memory/);
  assert.match(said, /step 6\/6 .* left 0:00 .*\[.*rollout \d+%/);

  const rollouts = [...readStepRollouts(run, 6)];
  assert.equal(rollouts.length, 16);
  for (const { tokenIds, logProbabilities, promptTokenIds, reward, breakdown, prompt, finish } of rollouts) {
    assert.equal(tokenIds.length, logProbabilities.length);
    assert.ok(promptTokenIds.length > 0 && prompt.startsWith("User:"));
    assert.equal(reward, (breakdown.accuracy?.value ?? 0) + 0.5 * (breakdown.format?.value ?? 0));
    assert.equal(finish === "stop", tokenIds.at(-1) === 0);
  }
  const { model } = openModel(join(paths.checkpoints, "step-000006"), { dtype: "auto", device: "cpu" });
  model.dispose();
});

test("the same seed gives the same run bit for bit, another seed another", async () => {
  await runTrain(trainInput(base), place("twin"));
  assert.deepEqual(outcomeOf(place("twin")), outcomeOf(place("whole")));
  await runTrain(trainInput(base, {}, { seed: 4 }), place("other-seed"));
  assert.notDeepEqual(outcomeOf(place("other-seed")).weights, outcomeOf(place("whole")).weights);
});

test("mini-batches and inner epochs make their updates; all but the first are off-policy", async () => {
  const rl = { steps: 2, miniBatches: 4, innerEpochs: 2, learningRate: 0.01, refreshReferenceEvery: 0 };
  await runTrain(trainInput(base, rl, { ...quick, task: byLength }), place("mini"));
  const { state } = outcomeOf(place("mini")) as {
    state: { optimizerSteps: number; loop: { updates: number } };
  };
  assert.equal(state.loop.updates, 16);
  assert.ok(state.optimizerSteps > 8 && state.optimizerSteps <= 16);
  const [first] = metricsOf(place("mini"));
  assert.ok(
    (first?.["sampling/sampling_logp_difference/max"] ?? 0) > 1e-3,
    "the policy moved away in the step",
  );
});

test("bfloat16 trains: sampler and trainer agree to its precision", async () => {
  const model = { path: base, dtype: "bfloat16", device: "cpu" };
  await runTrain(trainInput(base, { steps: 3 }, { ...quick, model }), place("bf16"));
  for (const one of metricsOf(place("bf16"))) {
    assert.ok((one["sampling/sampling_logp_difference/mean"] ?? 1) < 0.01);
    assert.ok(Number.isFinite(one.grad_norm) && (one.kl ?? -1) >= 0);
  }
});

test("at β = 0 there is no reference: no pass, no copy, no metric", async () => {
  let most = 0;
  const watching = taskOf(({ completion }) => {
    most = Math.max(most, liveTensors());
    return { value: completion.length % 3 };
  });
  await runTrain(
    trainInput(base, { steps: 2, klCoefficient: 0 }, { ...quick, task: watching }),
    place("beta-0"),
  );
  const without = most;
  most = 0;
  await runTrain(trainInput(base, { steps: 2 }, { ...quick, task: watching }), place("beta"));
  // Embedding, final norm, six a layer, and two rotary tables.
  assert.equal(most - without, 2 + 2 * 6 + 2);
  for (const one of metricsOf(place("beta-0"))) {
    assert.ok(!("kl" in one) && !("time/reference" in one));
  }
  assert.ok(metricsOf(place("beta")).every((one) => (one.kl ?? -1) >= 0));
});

test("the reference follows the policy every N updates: the KL term then starts from 0 again", async () => {
  const rl = { steps: 5, refreshReferenceEvery: 2, learningRate: 0.01 };
  await runTrain(trainInput(base, rl, { ...quick, task: byLength }), place("refresh"));
  const kl = metricsOf(place("refresh")).map((one) => one.kl ?? -1);
  // Steps 1, 3 and 5 are the first after a refresh: reference and policy are the same.
  for (const fresh of [0, 2, 4]) assert.ok((kl[fresh] ?? 1) < 1e-9, `kl ${kl}`);
  for (const later of [1, 3]) assert.ok((kl[later] ?? 0) > 1e-6, `kl ${kl}`);
});

test("cut-off completions are left out of the loss under truncated: mask, and only there", async () => {
  const cut = { steps: 1, maxNewTokens: 1 };
  const input = (truncated: string) => trainInput(base, { ...cut, truncated }, { ...quick, task: byLength });
  await runTrain(input("mask"), place("mask"));
  await runTrain(input("keep"), place("keep"));
  const [masked, kept] = [metricsOf(place("mask"))[0], metricsOf(place("keep"))[0]];
  assert.equal(masked?.["completions/clipped_ratio"], kept?.["completions/clipped_ratio"]);
  assert.ok((kept?.["completions/clipped_ratio"] ?? 0) > 0.9);
  assert.ok((masked?.grad_norm ?? 1) < 0.5 * (kept?.grad_norm ?? 0));
  assert.equal(masked?.reward, kept?.reward, "rewards are reported of all");
});

test("shuffled rewards change advantages only: rewards are logged as they were earned", async () => {
  const rl = { steps: 1 };
  await runTrain(trainInput(base, rl, { ...quick, task: byLength }), place("own"));
  await runTrain(
    trainInput(base, { ...rl, shuffleRewards: true }, { ...quick, task: byLength }),
    place("shuffled"),
  );
  const [own, shuffled] = ["own", "shuffled"].map((name) => [...readStepRollouts(place(name), 1)]);
  const pick = (records: typeof own, key: "reward" | "advantage") => records?.map((one) => one[key]);
  assert.deepEqual(pick(shuffled, "reward"), pick(own, "reward"));
  assert.notDeepEqual(pick(shuffled, "advantage"), pick(own, "advantage"));
  for (const name of ["reward", "reward_std", "rewards/accuracy/mean"]) {
    assert.equal(metricsOf(place("shuffled"))[0]?.[name], metricsOf(place("own"))[0]?.[name]);
  }
});

test("an update whose gradient is not finite is left out, said, and its batch kept", async () => {
  let step = 0;
  const poisoned = taskOf(({ completion }) => {
    step++;
    return { value: step > 16 && step <= 32 ? 1e300 * (step % 2) : completion.length % 3 };
  });
  const input = trainInput(
    base,
    { steps: 3, advantageForm: "mean-centred" },
    { ...quick, task: poisoned, log: { rolloutsEvery: 0, sampleEvery: 0 } },
  );
  const { said } = await runTrain(input, place("poison"));
  assert.deepEqual(
    metricsOf(place("poison")).map((one) => one.skipped_updates),
    [0, 1, 0],
  );
  const { state } = outcomeOf(place("poison")) as { state: { optimizerSteps: number } };
  assert.equal(state.optimizerSteps, 2);
  assert.match(said, /warning: the gradient was not finite/);
  assert.ok(eventsOf(place("poison")).some((event) => event.type === "warning" && event.step === 2));
  assert.deepEqual(readdirSync(runPaths(place("poison")).rollouts), ["step-000002.jsonl"]);
  assert.ok(existsSync(runPaths(place("poison")).report), "the report copes with what is not a number");
});

test("a model whose weights are not numbers is an error that says so", async () => {
  const { model, generation } = openDenseModel(base, { dtype: "float32", device: "cpu" });
  scope(() => noGrad(() => model.weights.norm.fill_(Number.NaN)));
  const card = { title: "broken", description: "for a test" };
  saveModel(place("broken"), model, { tokenizerFolder: base, generation, card });
  model.dispose();
  await assert.rejects(
    runTrain(trainInput(place("broken")), place("broken-run")),
    /NaN.*model's output is broken/,
  );
});

test("rewards that fail, hang on a promise or do not apply are told apart from 0", async () => {
  let count = 0;
  const moody = taskOf(async () => {
    count++;
    if (count % 4 === 0) throw new Error("no such gold answer");
    if (count % 4 === 1) return { value: Number.NaN };
    return { value: count % 4 === 2 ? null : 1, outcome: "correct" };
  });
  await runTrain(trainInput(base, { steps: 1 }, { ...quick, task: moody }), place("moody"));
  const [one] = metricsOf(place("moody"));
  assert.equal(one?.["outcome/accuracy/error"], 8);
  assert.equal(one?.["outcome/accuracy/correct"], 8);
  const details = [...readStepRollouts(place("moody"), 1)].map(({ breakdown }) => breakdown.accuracy?.detail);
  assert.ok(details.includes("no such gold answer"));
});

test("the pre-flight warns of what would spoil the run, and refuses what cannot succeed", async () => {
  const preflight = { enabled: true, questions: 4 };
  const input = (task: Task, rl: Record<string, unknown> = {}) =>
    trainInput(base, { steps: 1, maxNewTokens: 60, ...rl }, { ...quick, task, preflight });
  const constant = await runTrain(input(taskOf(() => ({ value: 1, outcome: "unparsed" }))), place("flat"));
  assert.match(constant.said, /warning: all 16 rewards are 1/);
  assert.match(constant.said, /warning: in 100 % of the completions no answer could be read/);
  assert.match(constant.said, /Pre-flight: mean reward 1\.00/);
  const warnings = eventsOf(place("flat")).filter(({ type }) => type === "warning");
  assert.ok(warnings.length >= 2);

  const failing = taskOf(() => {
    throw new Error("gold answer missing");
  });
  await assert.rejects(
    runTrain(input(failing), place("refused")),
    /verifier failed on every.*gold answer missing/,
  );
  const cutOff = input(byLength, { maxNewTokens: 1, temperature: 0.01 });
  await assert.rejects(
    runTrain(cutOff, place("refused")),
    /every completion was cut off at rl\.maxNewTokens = 1/,
  );
  const { status } = await runTrain(input(byLength), place("refused"));
  assert.equal(status, "finished", "a refused start does not block the next");
  assert.ok(!("time/evaluation" in (metricsOf(place("refused"))[0] ?? {})));
});

test("every epoch asks each question once, in an order of its own", () => {
  const questions = Array.from({ length: 10 }, (_, id) => ({ id: `q${id}`, prompt: "", columns: {} }));
  const asked = Array.from({ length: 10 }, (_, step) => questionsOfStep(questions, step, 3, 7)).flat();
  const epochs = [0, 1, 2].map((epoch) => asked.slice(epoch * 10, epoch * 10 + 10).map(({ id }) => id));
  for (const epoch of epochs)
    assert.deepEqual(
      [...epoch].sort(),
      questions.map(({ id }) => id),
    );
  assert.notDeepEqual(epochs[0], epochs[1]);
  assert.notDeepEqual(epochs[1], epochs[2]);
  assert.throws(() => questionsOfStep([], 0, 3, 7), RangeError);
});

test("bad input is refused with its place and a remedy, and leaves no run directory", async () => {
  const run = place("bad");
  const long = { ...byLength, train: [{ id: "long", prompt: " 7".repeat(90), columns: {} }] };
  const cases: Array<[Record<string, unknown>, RegExp]> = [
    [trainInput(base, { learningRat: 1 }), /rl\.learningRat.*did you mean "learningRate"/],
    [trainInput(place("absent")), /absent: no such folder.*Hugging Face model folder/],
    [trainInput(folder), /expected a config\.json in this folder/],
    [
      trainInput(base, { miniBatches: 5 }),
      /rl\.miniBatches: 4 questions × 4 samples = 16 .* nearest that can: .* 4/,
    ],
    [trainInput(base, { groupSize: 1 }), /rl\.groupSize: .*at least 2/],
    [trainInput(base, {}, { model: { path: base, dtype: "fp8" } }), /model\.dtype: .*bfloat16/],
    [trainInput(base, {}, { task: { name: "countdwn" } }), /task\.name: .*did you mean "countdown"/],
    [trainInput(base, {}, { task: { ...byLength, train: [] } }), /task: "probe" has no training questions/],
    [trainInput(base, { maxNewTokens: 96 }), /rl\.maxNewTokens: 96 leaves no room .* 96 positions/],
    [
      trainInput(base, {}, { task: long }),
      /rl\.maxNewTokens: 12 .* question "long" has 90 tokens.*take at most 6/,
    ],
  ];
  const live = liveTensors();
  for (const [input, expected] of cases) {
    await assert.rejects(async () => runTrain(input, run), expected);
    assert.equal(existsSync(run), false, `${expected} left a run directory`);
  }
  assert.equal(liveTensors(), live);
  await assert.rejects(runTrain(trainInput(base), place("whole")), /already holds a run.*--resume/);
  await assert.rejects(runTrain(trainInput(base), place("nowhere"), true), /holds no run to resume/);
  assert.equal(existsSync(place("nowhere")), false);
  const changed = runTrain(trainInput(base, { learningRate: 1 }), place("whole"), true);
  await assert.rejects(
    changed,
    /rl\.learningRate: is 1 now, but the run was started with 0\.003; resume with the same/,
  );
});

test("the program: --json prints a line a step and the result; a bad recipe ends with 1 and no stack", () => {
  const aha = (...argv: string[]) =>
    spawnSync(process.execPath, [fileURLToPath(new URL("../bin/aha.mjs", import.meta.url)), ...argv], {
      encoding: "utf8",
      cwd: folder,
    });
  writeFileSync(
    place("recipe.json"),
    JSON.stringify(trainInput(base, { steps: 2 }, { task: { name: "countdown", train: 10, heldOut: 8 } })),
  );
  const good = aha("train", "recipe.json", "--json");
  assert.equal(good.status, 0, good.stderr);
  const lines = good.stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    lines.map(({ step }) => step),
    [1, 2, undefined],
  );
  assert.ok(Number.isFinite(lines[1].reward));
  assert.equal(lines[2].status, "finished");
  assert.ok(existsSync(place("runs/tiny/summary.json")));
  const bad = aha("train", "recipe.json", "--set", "model.path=absent", "--run-dir", "bad-run");
  assert.equal(bad.status, 1);
  assert.match(bad.stderr, /absent: no such folder/);
  assert.doesNotMatch(bad.stderr, /^ {4}at /m);
  assert.equal(existsSync(place("bad-run")), false);
});
