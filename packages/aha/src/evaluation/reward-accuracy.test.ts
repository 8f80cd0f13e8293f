/** Accuracy of scores against the rules that look at lengths only. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { RewardExample } from "../training/reward-example.ts";
import { rewardAccuracy } from "./reward-accuracy.ts";

const sequence = (characters: number) => ({ tokenIds: [1], characters });
const pair = (prompt: string, chosen: number, rejected: number, set = "a"): RewardExample => ({
  ...{ kind: "pair", prompt, set, chosen: sequence(chosen), rejected: sequence(rejected) },
});
const labelled = (prompt: string, characters: number, label: boolean): RewardExample => ({
  ...{ kind: "labelled", prompt, set: "a", response: sequence(characters), label },
});

test("pairs: right, wrong and tied; the length rule is the training set's better one", () => {
  const train = [pair("t", 9, 1), pair("u", 9, 1), pair("v", 1, 9)];
  const heldOut = [pair("a", 5, 2), pair("b", 2, 5), pair("c", 3, 3, "b"), pair("c", 4, 1, "b")];
  const found = rewardAccuracy(
    heldOut,
    [
      [1, 0],
      [2, 1],
      [0, 3],
      [1, 1],
    ],
    train,
  );
  assert.equal(found.length.rule, "the longer");
  assert.deepEqual([found.model.accuracy, found.length.accuracy, found.chance], [2.5 / 4, 2.5 / 4, 0.5]);
  assert.deepEqual([found.examples, found.prompts], [4, 3]);
  // By prompt: 1 − 1, 1 − 0, (0 + ½) / 2 − (½ + 1) / 2.
  assert.ok(Math.abs(found.difference.mean - (0 + 1 - 0.5) / 3) < 1e-12);
  assert.ok(found.difference.low < 0 && found.difference.high > found.difference.mean);
  assert.deepEqual(
    [found.sets.b?.accuracy, found.sets.b?.lengthAccuracy, found.sets.b?.examples],
    [0.25, 0.75, 2],
  );
  const [one, two] = [Math.log1p(Math.exp(-1)), Math.log1p(Math.exp(3))];
  assert.ok(Math.abs(found.loss - (2 * one + two + Math.LN2) / 4) < 1e-12);
  assert.ok(found.model.low > 0 && found.model.high < 1);
});

test("labelled: a score's sign against the larger class and the best cut of lengths", () => {
  const train = [
    labelled("t", 2, true),
    labelled("u", 4, true),
    labelled("v", 7, false),
    labelled("w", 9, true),
  ];
  const heldOut = [labelled("a", 3, true), labelled("b", 8, false), labelled("c", 5, false)];
  const found = rewardAccuracy(heldOut, [[1], [-1], [2]], train);
  assert.equal(found.model.accuracy, 2 / 3);
  assert.ok(Math.abs(found.chance - 2 / 3) < 1e-12);
  // All are called good: no cut has fewer errors than one.
  assert.equal(found.length.accuracy, 1 / 3);
  const clear = rewardAccuracy(heldOut, [[1], [-1], [2]], train.slice(0, 3));
  assert.equal(clear.length.rule, "at most 4 characters");
  assert.equal(clear.length.accuracy, 1);
});
