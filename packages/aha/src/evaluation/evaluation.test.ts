/** Evaluation: the interval, the summary of judged groups, and a whole run on a tiny model. */
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { after, test } from "node:test";
import { liveTensors } from "@aha/torch";
import { temporaryFolder, tinyModel, writeWorldTokenizer } from "../../test/helpers/tiny-model.ts";
import type { ScoredGroup } from "../rollout/records.ts";
import { countdown } from "../tasks/countdown.ts";
import type { Judgement } from "../tasks/task.ts";
import { accuracyInterval } from "./accuracy-interval.ts";
import { EvaluationError, type EvaluationOptions, evaluatePolicy } from "./evaluate-policy.ts";
import { summariseGroups } from "./summarise-groups.ts";

const near = (actual: number | undefined, expected: number, tolerance = 1e-9): void =>
  assert.ok(Math.abs((actual ?? Number.NaN) - expected) <= tolerance, `${actual}, expected ${expected}`);

const ones = (count: number, of: number): number[] =>
  Array.from({ length: of }, (_, index) => (index < count ? 1 : 0));

test("with one sample a question the interval is Wilson's", () => {
  // 1 − 1/n of the trials: the variance over questions is estimated over n − 1.
  const { low, high } = accuracyInterval(ones(81, 263), 1);
  near(low, 0.2551, 5e-4);
  near(high, 0.3662, 5e-4);
});

test("all right or all wrong still has a width, within [0, 1]", () => {
  const all = accuracyInterval(ones(20, 20), 4);
  near(all.high, 1);
  near(all.low, 20 / (20 + 1.959963984540054 ** 2), 1e-9);
  const none = accuracyInterval(ones(0, 20), 1);
  near(none.low, 0);
  near(none.high, 1 - all.low, 1e-9);
  assert.deepEqual(accuracyInterval([], 1), { low: 0, high: 1 });
});

test("samples of one question that agree are no more evidence than one; those that differ are", () => {
  const width = (means: readonly number[], samples: number): number => {
    const { low, high } = accuracyInterval(means, samples);
    return high - low;
  };
  const clustered = ones(30, 60);
  near(width(clustered, 8), width(clustered, 1), 1e-12);
  const spread = Array.from({ length: 60 }, (_, index) => (index % 2 === 0 ? 0.375 : 0.625));
  assert.ok(width(spread, 8) < width(clustered, 8) / 2);
});

const judged = (text: string, tokens: number, breakdown: Record<string, Judgement>, cut = false) => ({
  completion: {
    sample: 0,
    tokenIds: new Array<number>(tokens).fill(7),
    logProbabilities: new Float32Array(tokens),
    text,
    finish: cut ? ("length" as const) : ("stop" as const),
  },
  reward: 0.25,
  breakdown,
});
const groups: ScoredGroup[] = [
  {
    question: { id: "a", prompt: "a", columns: {} },
    promptTokenIds: [1],
    completions: [
      judged("wait, wait. but", 4, { format: { value: 1 }, accuracy: { value: 1, outcome: "correct" } }),
      judged("no", 8, { format: { value: 0 }, accuracy: { value: 0, outcome: "unparsed" } }, true),
    ],
  },
  {
    question: { id: "b", prompt: "b", columns: {} },
    promptTokenIds: [1],
    completions: [
      judged("Wait", 2, { format: { value: 1 }, accuracy: { value: null } }),
      judged("", 6, { format: { value: 1 }, accuracy: { value: 0, outcome: "wrong" } }),
    ],
  },
];

test("the summary: accuracy over what applies, format, lengths, words, verdicts", () => {
  const { summary, extra } = summariseGroups(groups, ["format", "accuracy"]);
  near(summary.accuracy, 1 / 3);
  assert.equal(summary.format, 0.75);
  assert.equal(summary.mean_length, 5);
  assert.equal(summary.reflection.wait, 0.75);
  assert.equal(summary.reflection.but, 0.25);
  assert.equal(summary.reflection.retry, 0);
  assert.equal(extra["completions/clipped_ratio"], 0.25);
  assert.equal(extra["completions/min_length"], 2);
  assert.equal(extra["completions/max_length"], 8);
  assert.equal(extra.reward, 0.25);
  near(extra["outcome/accuracy/correct"], 1 / 3);
  near(extra["outcome/accuracy/unparsed"], 1 / 3);
  assert.equal(extra["outcome/accuracy/timeout"], 0);
  assert.equal("outcome/format/correct" in extra, false);
});

test("without a reward called accuracy the first one counts; without a format reward format is 0", () => {
  assert.equal(summariseGroups(groups, ["format"]).summary.accuracy, 0.75);
  const { summary } = summariseGroups([], ["exact"]);
  assert.deepEqual([summary.accuracy, summary.mean_length, summary.format], [0, 0, 0]);
});

const folder = temporaryFolder("evaluation");
after(() => rmSync(folder, { recursive: true }));
const tokenizer = writeWorldTokenizer(folder);
const options: EvaluationOptions = {
  questions: 6,
  samplesPerQuestion: 3,
  temperature: 1,
  topP: 1,
  maxNewTokens: 16,
  eosTokenIds: new Set([0]),
  capacity: 64,
  runSeed: 1,
  step: 0,
};

test("a policy is evaluated on the first held-out questions, whatever the capacity, and leaves nothing alive", async () => {
  const task = countdown({ train: 1, heldOut: 8 });
  const model = tinyModel(1, "float32", { initializerRange: 0.1 });
  const before = liveTensors();
  const whole = await evaluatePolicy(model, tokenizer, task, options);
  assert.equal(liveTensors(), before);
  assert.deepEqual(
    whole.records.map(({ question, sample }) => [question, sample]),
    task.heldOut.slice(0, 6).flatMap(({ id }) => [0, 1, 2].map((sample) => [id, sample])),
  );
  for (const record of whole.records) {
    assert.equal(record.advantage, null);
    assert.equal(record.step, 0);
    assert.match(record.prompt, /^User: Make \d+ from/);
    assert.equal(record.logProbabilities.length, record.tokenIds.length);
    assert.equal(record.finish === "length", !record.tokenIds.includes(0));
  }
  assert.equal(whole.extra.questions, 6);
  const lengths = whole.records.map(({ tokenIds }) => tokenIds.length);
  near(whole.summary.mean_length, lengths.reduce((sum, one) => sum + one, 0) / 18);

  const parts = await evaluatePolicy(model, tokenizer, task, { ...options, capacity: 4 });
  assert.deepEqual(parts.summary, whole.summary);
  const few = await evaluatePolicy(model, tokenizer, task, {
    ...options,
    questions: 2,
    samplesPerQuestion: 1,
  });
  assert.deepEqual(
    few.records.map(({ tokenIds }) => tokenIds),
    [whole.records[0]?.tokenIds, whole.records[3]?.tokenIds],
  );
  const other = await evaluatePolicy(model, tokenizer, task, { ...options, runSeed: 2 });
  assert.notDeepEqual(
    other.records.map(({ tokenIds }) => tokenIds),
    whole.records.map(({ tokenIds }) => tokenIds),
  );
  model.dispose();
});

test("a judge's verdict is counted, and too many questions are all there are", async () => {
  const model = tinyModel();
  const task = {
    name: "any",
    train: [],
    heldOut: [{ id: "x", prompt: " 5 + 6", columns: {} }],
    rewards: [{ name: "exact", weight: 2, judge: async () => ({ value: 1, outcome: "correct" as const }) }],
  };
  const { summary, extra, records } = await evaluatePolicy(model, tokenizer, task, options);
  assert.equal(summary.accuracy, 1);
  assert.equal(extra.reward, 2);
  assert.equal(extra["outcome/exact/correct"], 1);
  assert.equal(records.length, 3);
  assert.equal(records[0]?.prompt, " 5 + 6");
  model.dispose();
});

test("nothing to evaluate on is an error that says why", async () => {
  const model = tinyModel();
  const task = countdown({ train: 1, heldOut: 0 });
  await assert.rejects(evaluatePolicy(model, tokenizer, task, options), (error: unknown) => {
    assert.ok(error instanceof EvaluationError);
    assert.match(error.message, /no held-out questions/);
    return true;
  });
  model.dispose();
});
