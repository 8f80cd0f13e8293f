/** Reward models from preferences to a reward in reinforcement learning: data, whole runs, resuming, and the score of a completion. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { loadTokenizer } from "../src/folder/tokenizer.ts";
import { openTrainedScalarModel } from "../src/models/open-scalar-model.ts";
import { parseRecipe } from "../src/recipe/define-recipe.ts";
import { runPaths } from "../src/run/run-directory.ts";
import { trainRewardModel } from "../src/stages/reward-model-training.ts";
import { withRewards } from "../src/tasks/define-reward.ts";
import { rewardModel } from "../src/training/model-reward.ts";
import { scoreExamples } from "../src/training/reward-model-update.ts";
import { RewardScorer } from "../src/training/reward-scorer.ts";
import { probeTask } from "./helpers/probe-task.ts";
import {
  metricsOf,
  outcomeOf,
  quietly,
  runTrain,
  testFolder,
  tinyBase,
  trainInput,
} from "./helpers/tiny-runs.ts";

const folder = testFolder("reward");
const place = (name: string): string => join(folder, name);
let base = "";
before(async () => {
  base = await tinyBase(folder);
});

/** The right sum is preferred; what is thought about it differs at random, and must not be seen. */
const rows = Array.from({ length: 48 }, (_, index) => {
  const [first, second] = [index % 7, (index * 5) % 6];
  const answer = (value: number): string => `<think>${(index * 37) % 11} </think> ${value}`;
  return { prompt: `${first} + ${second} =`, chosen: answer(1), rejected: answer(2) };
});
const labelled = rows.map(({ prompt, chosen, rejected }, index) => ({
  ...{ prompt, completion: index % 2 === 0 ? chosen : rejected, label: index % 2 === 0 },
}));

function recipe(output: string, changes: Readonly<Record<string, unknown>> = {}) {
  const parsed = parseRecipe({
    ...{ stage: "reward-model", name: "tiny-reward", seed: 2, threads: 1, output },
    model: { path: base, device: "cpu", dtype: "float32" },
    data: { name: "sums", rows },
    ...{
      epochs: 6,
      batch: 8,
      learningRate: 0.01,
      evaluation: { examples: 8, every: 4 },
      checkpoint: { every: 4 },
    },
    ...changes,
  });
  if (parsed.stage !== "reward-model") throw new TypeError(parsed.stage);
  return parsed;
}

const train = (name: string, changes: Readonly<Record<string, unknown>> = {}, resume = false) =>
  quietly(() =>
    trainRewardModel(recipe(place(`${name}/model`), changes), {
      ...{ runDirectory: place(`${name}/run`), resume, json: false },
    }),
  );

const hash = (path: string): string => createHash("sha256").update(readFileSync(path)).digest("hex");

test("pairwise: it learns which answer is preferred, on prompts it has not seen, and says how well", async () => {
  const { said } = await train("pairs");
  const metrics = metricsOf(place("pairs/run"));
  assert.ok(Math.abs((metrics[0]?.loss ?? 0) - Math.log(2)) < 1e-6, "every score is 0 at first");
  const last = metrics.at(-1) ?? {};
  assert.equal(last["evaluation/accuracy"], 1);
  assert.ok((last["evaluation/accuracy_low"] as number) > 0.5);
  assert.equal(last["evaluation/length_accuracy"], 0.5, "answers of one length");
  assert.match(said, /Held out: 100\.0 % .* chance 50\.0 %; length alone/);
  const written = JSON.parse(readFileSync(place("pairs/model/reward-evaluation.json"), "utf8"));
  assert.equal(written.model.accuracy, 1);
  assert.deepEqual(Object.keys(written.sets), ["sums"]);
  assert.match(readFileSync(place("pairs/model/README.md"), "utf8"), /## Held-out accuracy/);
  const config = JSON.parse(readFileSync(place("pairs/model/config.json"), "utf8"));
  assert.deepEqual(config.architectures, ["LlamaForSequenceClassification"]);
  assert.equal(typeof config.pad_token_id, "number");
});

test("no prompt is on both sides of the split, and equal pairs teach nothing", async () => {
  const { readRewardData } = await import("../src/stages/reward-data.ts");
  const same = { prompt: "1 + 1 =", chosen: "<think>a</think>2", rejected: "<think>b</think> 2" };
  const unended = { prompt: "1 + 1 =", chosen: "<think>a", rejected: "2" };
  const data = { name: "sums", rows: [...rows, same, unended, { ...same, chosen: "3 ".repeat(200) }] };
  const found = await readRewardData(recipe("unused", { data }), loadTokenizer(base), 64);
  const prompts = new Set(found.train.map(({ prompt }) => prompt));
  assert.ok(found.heldOut.length >= 8 && found.heldOut.every(({ prompt }) => !prompts.has(prompt)));
  assert.deepEqual([found.equal, found.withoutSummary, found.overlong], [1, 1, 1]);
});

for (const [name, changes] of [
  ["all weights", {}],
  ["an adapter", { model: { lora: { rank: 2, dropout: 0.1 } }, learningRate: 0.02 }],
] as const) {
  test(`${name}: stopped and resumed, it is the same run to the bit`, async () => {
    const model = {
      path: base,
      device: "cpu",
      dtype: "float32",
      ...("model" in changes ? changes.model : {}),
    };
    const all = { ...changes, model, epochs: 2, checkpoint: { every: 4, keep: 9 } };
    await train(`${name} whole`, all);
    await train(`${name} parts`, all);
    const { checkpoints } = runPaths(place(`${name} parts/run`));
    const later = readdirSync(checkpoints).filter((one) => Number(/\d+/.exec(one)?.[0]) > 4);
    assert.ok(later.length >= 2);
    for (const one of later) rmSync(join(checkpoints, one), { recursive: true });
    rmSync(place(`${name} parts/model`), { recursive: true });
    await train(`${name} parts`, all, true);
    const [file = ""] = readdirSync(place(`${name} whole/model`)).filter((one) =>
      one.endsWith("model.safetensors"),
    );
    assert.equal(hash(place(`${name} parts/model/${file}`)), hash(place(`${name} whole/model/${file}`)));
    const { model: again } = openTrainedScalarModel(place(`${name} parts/model`), {
      dtype: "float32",
      device: "cpu",
    });
    const sequence = { tokenIds: [5, 6, 7], characters: 3 };
    const example = { kind: "labelled", prompt: "", set: "", response: sequence, label: true } as const;
    assert.notEqual(scoreExamples(again, [example], 100)[0]?.[0], 0);
    again.dispose();
  });
}

test("pointwise: labelled responses, read whole, against their lengths and the larger class", async () => {
  await train("labels", { data: { name: "labelled", rows: labelled }, loss: "pointwise" });
  const last = metricsOf(place("labels/run")).at(-1) ?? {};
  assert.ok((last["evaluation/accuracy"] as number) > 0.85, `${last["evaluation/accuracy"]}`);
  assert.ok((last.loss as number) < 0.3);
  await assert.rejects(
    train("wrong", { data: { name: "labelled", rows: labelled } }),
    /labelled, row 1.*expected a column "chosen"/s,
  );
  assert.equal(existsSync(place("wrong/run")), false, "nothing is left of what could not begin");
});

test("files in the published forms are read as they are", async () => {
  const dialogue = (answer: string): string =>
    `\n\nHuman: Hello?\n\nAssistant: Yes?\n\nHuman: 1 + 1?\n\nAssistant: ${answer}`;
  writeFileSync(place("hh.jsonl"), JSON.stringify({ chosen: dialogue("2"), rejected: dialogue("3") }));
  const { preferenceRow } = await import("../src/data/preference-forms.ts");
  const { readRows } = await import("../src/data/read-rows.ts");
  for await (const row of readRows(place("hh.jsonl"))) {
    const { chosen, rejected } = preferenceRow(row).columns;
    assert.deepEqual((chosen as readonly unknown[]).length, 4);
    assert.deepEqual((rejected as readonly unknown[]).at(-1), { role: "assistant", content: "3" });
  }
  const source = "here";
  const shared = {
    conversations: [{ from: "human", value: "a" }],
    chosen: { from: "gpt", value: "b" },
    rejected: { from: "gpt", value: "c" },
  };
  assert.deepEqual(preferenceRow({ source, columns: shared }).columns, {
    prompt: [{ role: "user", content: "a" }],
    chosen: [{ role: "assistant", content: "b" }],
    rejected: [{ role: "assistant", content: "c" }],
  });
  const numbered = { input: "a", output_1: "b", output_2: "c", label: 2 };
  assert.deepEqual(preferenceRow({ source, columns: numbered }).columns.chosen, [
    { role: "assistant", content: "c" },
  ]);
  const plain = { chosen: "x", rejected: "y" };
  assert.equal(preferenceRow({ source, columns: plain }).columns, plain);
});

test("as a reward: the summary alone is judged, together or one by one, whatever the order", async () => {
  const reward = rewardModel({
    path: place("pairs/model"),
    score: "summary",
    dtype: "float32",
    device: "cpu",
  });
  const [first, second] = [probeTask.train[0], probeTask.train[1]].map(
    (one) => one ?? assert.fail("no question"),
  );
  assert.ok(first && second);
  const ask = (question: typeof first, completion: string) => ({ question, completion, truncated: false });
  const inputs = [
    ask(first, "<think>3 </think> 1"),
    ask(second, "<think>4 </think> 2"),
    ask(first, "<think>another thought altogether</think>1"),
    ask(first, "<think>never ends 1"),
  ];
  const together = await reward.judgeAll(inputs);
  const alone = await Promise.all(inputs.map((input) => reward.judge(input)));
  together.forEach(({ value }, index) => {
    assert.ok(Math.abs((value ?? Number.NaN) - (alone[index]?.value ?? Number.NaN)) < 1e-5);
  });
  const [right, wrong, thoughtful, unended] = together.map(({ value }) => value ?? Number.NaN);
  assert.ok((right as number) > (wrong as number) + 0.2, `${right} against ${wrong}`);
  assert.ok(Math.abs((right as number) - (thoughtful as number)) < 1e-5, "the thinking is not read");
  assert.equal(unended, 0);
  const whole = rewardModel({ path: place("pairs/model"), score: "response", scale: "raw", device: "cpu" });
  const [one, other] = await whole.judgeAll([
    inputs[0] as (typeof inputs)[number],
    inputs[2] as (typeof inputs)[number],
  ]);
  assert.ok(Math.abs((one?.value ?? 0) - (other?.value ?? 0)) > 1e-3, "the thinking is read");
  // A scorer that gathers asks once for all of them.
  let calls = 0;
  const judgeAll: typeof reward.judgeAll = (all) => {
    calls++;
    return reward.judgeAll(all);
  };
  const scorer = new RewardScorer([{ ...reward, judgeAll }], true);
  const verdicts = inputs.map(({ question, completion }, sample) =>
    scorer.score(question, {
      ...{ sample, tokenIds: [1], logProbabilities: new Float32Array(1), text: completion, finish: "stop" },
    }),
  );
  scorer.flush();
  const scored = await Promise.all(verdicts);
  assert.deepEqual([calls, scored.map(({ reward: value }) => value > 0)], [1, [true, true, true, false]]);
  await Promise.all([reward.dispose(), whole.dispose()]);
  const absent = rewardModel({ path: base, score: "summary", device: "cpu" });
  const failed = await new RewardScorer([absent], true).scoreGroup({
    ...{ question: first, promptTokenIds: [1] },
    completions: [
      { sample: 0, tokenIds: [1], logProbabilities: new Float32Array(1), text: "1", finish: "stop" },
    ],
  });
  const { outcome, detail } = failed.completions[0]?.breakdown["reward-model"] ?? {};
  assert.equal(outcome, "error");
  assert.match(detail ?? "", /expected a reward model/);
});

test("score-responses prints a row's scores in order, and null where no summary came", async () => {
  const lines = [
    { prompt: "1 + 2 =", chosen: "<think>a</think> 1", rejected: "<think>b</think> 2" },
    { prompt: "1 + 2 =", completion: "<think>c</think> 1" },
    { prompt: "1 + 2 =", completion: "<think>c" },
  ];
  writeFileSync(place("answers.jsonl"), lines.map((line) => JSON.stringify(line)).join("\n"));
  const { scoreResponses } = await import("../src/tools/score-responses.ts");
  const request = { model: place("pairs/model"), data: place("answers.jsonl"), part: "summary" } as const;
  const found = [];
  for await (const one of scoreResponses({ ...request, dtype: "float32", device: "cpu" })) found.push(one);
  assert.equal(found.length, 3);
  const [pair, single, unended] = found;
  assert.ok((pair?.chosen ?? 0) > (pair?.rejected ?? 0));
  assert.ok(Math.abs((single?.score ?? 0) - (pair?.chosen ?? 1)) < 1e-5, "the same summary");
  assert.deepEqual(unended, { score: null });
});

test("a run with a model's reward ends the same whether it was stopped or not, and the reward is in its metrics", async () => {
  const reward = rewardModel({
    path: place("pairs/model"),
    score: "response",
    name: "helpful",
    device: "cpu",
  });
  const task = withRewards(probeTask, reward);
  const input = trainInput(base, { steps: 4 }, { task });
  await runTrain(input, place("rl-whole"));
  await runTrain(trainInput(base, { steps: 2 }, { task }), place("rl-parts"));
  await runTrain(input, place("rl-parts"), true);
  assert.deepEqual(outcomeOf(place("rl-parts")), outcomeOf(place("rl-whole")));
  const metrics = metricsOf(place("rl-whole"));
  assert.ok(metrics.every((one) => (one["rewards/helpful/std"] as number) > 0));
  await reward.dispose();
});
