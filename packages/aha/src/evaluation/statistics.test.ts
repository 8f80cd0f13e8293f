/** The evaluation's arithmetic: pass@k, the majority, McNemar, the paired bootstrap, Holm's correction. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { compareRuns, holm } from "./compare-runs.ts";
import { majorityOf } from "./majority.ts";
import { mcnemar } from "./mcnemar.ts";
import { pairedBootstrap } from "./paired-bootstrap.ts";
import { passAtK, valuesOfK } from "./pass-at-k.ts";
import type { SampleRecord } from "./sample-record.ts";

const near = (actual: number, expected: number, tolerance = 1e-12): void =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual}, expected ${expected}`);

/** The share of subsets of size k that hold a right sample, by counting them all. */
function counted(samples: number, correct: number, k: number): number {
  let all = 0;
  let passing = 0;
  for (let mask = 0; mask < 2 ** samples; mask++) {
    const chosen = Array.from({ length: samples }, (_, index) => (mask >> index) & 1);
    if (chosen.reduce((sum, bit) => sum + bit, 0) !== k) continue;
    all += 1;
    if (chosen.slice(0, correct).includes(1)) passing += 1;
  }
  return passing / all;
}

test("pass@k is the share of subsets of k that hold a right sample", () => {
  for (const samples of [1, 2, 5, 8]) {
    for (let correct = 0; correct <= samples; correct++) {
      for (let k = 1; k <= samples; k++) near(passAtK(samples, correct, k), counted(samples, correct, k));
    }
  }
  near(passAtK(64, 3, 1), 3 / 64);
  assert.throws(() => passAtK(4, 1, 5), RangeError);
  assert.deepEqual(valuesOfK(64), [1, 2, 4, 8, 16, 32, 64]);
  assert.deepEqual(valuesOfK(6), [1, 2, 4, 6]);
});

test("the majority is by equivalence; no answer does not vote; a tie is the mean of the tied", async () => {
  const same = (first: string, second: string) => Number(first) === Number(second);
  const votes = (...answers: readonly (readonly [string | null, number])[]) =>
    answers.map(([answer, value]) => ({ answer, value }));
  const joined = await majorityOf(
    votes(["0.5", 1], ["2", 0], ["2", 0], [".50", 1], ["5e-1", 1], [null, 0]),
    same,
  );
  assert.deepEqual([joined.value, joined.tied, joined.votes], [1, false, 3]);
  const tied = await majorityOf(votes(["1", 1], ["2", 0], ["3", 0]), same);
  near(tied.value, 1 / 3);
  assert.equal(tied.tied, true);
  assert.deepEqual(await majorityOf(votes([null, 0], [null, 0]), same), {
    value: 0,
    tied: false,
    answer: null,
    votes: 0,
  });
});

test("McNemar's exact test is the binomial's two tails", () => {
  near(mcnemar(1, 9), 2 * (11 / 1024));
  near(mcnemar(9, 1), mcnemar(1, 9));
  assert.equal(mcnemar(5, 5), 1);
  assert.equal(mcnemar(0, 0), 1);
  near(mcnemar(0, 3), 0.25);
  assert.ok(mcnemar(2000, 2400) < 1e-6, "large counts stay in range");
});

test("the paired bootstrap finds a difference that is there, none that is not, and repeats itself", () => {
  const none = Array.from({ length: 100 }, (_, index) => (index % 2 === 0 ? 1 : -1));
  const flat = pairedBootstrap(none, 1, 2000);
  assert.equal(flat.difference, 0);
  assert.ok(flat.low < 0 && flat.high > 0 && flat.probability > 0.9);
  const better = Array.from({ length: 100 }, (_, index) => (index % 4 === 0 ? -0.5 : 0.5));
  const found = pairedBootstrap(better, 1, 2000);
  near(found.difference, 0.25);
  assert.ok(found.low > 0.1 && found.high < 0.4 && found.probability < 0.01);
  assert.deepEqual(pairedBootstrap(better, 1, 2000), found);
  // Normal theory: 1.96 × the standard error.
  near(found.high - found.low, 2 * 1.96 * Math.sqrt((0.25 - 0.0625) / 100), 0.02);
  assert.deepEqual(pairedBootstrap([], 1, 10), { difference: 0, low: 0, high: 0, probability: 1 });
});

test("Holm's correction never falls and never passes 1", () => {
  const corrected = holm([0.04, 0.01, 0.03, 0.9]);
  [0.09, 0.04, 0.09, 0.9].forEach((expected, index) => {
    near(corrected[index] ?? 0, expected);
  });
  assert.deepEqual(holm([]), []);
});

const record = (
  question: string,
  sample: number,
  value: number,
  failure: string | null = null,
): SampleRecord => ({
  key: `${question}${sample}`,
  question,
  sample,
  turns: [
    {
      prompt: "",
      completion: "",
      finish: "stop",
      promptTokens: 0,
      completionTokens: 1,
      reasoningTokens: null,
    },
  ],
  completion: "",
  judgements: { accuracy: { value } },
  failure,
  seconds: 0,
});

test("runs are paired by question; McNemar where every question was asked once", () => {
  const first = [record("a", 0, 0), record("b", 0, 0), record("c", 0, 1), record("only", 0, 1)];
  const second = [record("c", 0, 1), record("b", 0, 1), record("a", 0, 1), record("lost", 0, 1, "no answer")];
  const [once] = compareRuns([{ title: "t", reward: "accuracy", first, second }]);
  assert.deepEqual(once?.mcnemar, { firstOnly: 0, secondOnly: 2, probability: 0.5 });
  assert.deepEqual([once?.questions, once?.unpaired], [3, 1]);
  near(once?.difference ?? 0, 2 / 3);
  const [several] = compareRuns([
    { title: "t", reward: "accuracy", first: [...first, record("a", 1, 1)], second },
  ]);
  assert.equal(several?.mcnemar, null);
  near(several?.difference ?? 0, 0.5);
});
