/** Other projects' pairs of golds and predictions: ours agrees with mathematics on each, and with their labels but for named ones. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { judgeMath } from "../src/math/judge-math.ts";
import { readFrozenSuites, readHandmadePairs, readLabels } from "./pairs/frozen-suites.ts";
import { type Pair, skipWithout } from "./pairs/pair.ts";

function findFaults(pairs: readonly Pair[]): unknown[] {
  return pairs.flatMap(({ id, prediction, gold, truth }) => {
    const { outcome, how } = judgeMath(prediction, gold);
    return (outcome === "correct") === truth ? [] : [{ id, prediction, gold, truth, outcome, how }];
  });
}

test("handmade pairs", () => {
  const pairs = readHandmadePairs();
  assert.ok(pairs.length > 600);
  assert.deepEqual(findFaults(pairs), []);
});

describe("frozen suites", { skip: skipWithout("verifier") }, () => {
  const pairs = readFrozenSuites();
  for (const suite of new Set(pairs.map((pair) => pair.suite))) {
    test(suite, () => {
      assert.deepEqual(findFaults(pairs.filter((pair) => pair.suite === suite)), []);
    });
  }

  test("every corrected label has a pair, a reason, and a verdict that differs from the suite's", () => {
    for (const label of readLabels()) {
      assert.ok(label.reason.length > 20, label.gold);
      const pair = pairs.find(({ suite, gold, prediction }) => {
        return suite === label.suite && gold === label.gold && prediction === label.prediction;
      });
      if (label.truth === null) assert.equal(pair, undefined, "a pair without truth must be left out");
      else assert.equal(pair?.suiteVerdict, !label.truth);
    }
  });
});
