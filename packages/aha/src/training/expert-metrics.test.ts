/** Loads of experts as metrics. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { expertMetrics } from "./expert-metrics.ts";

test("extremes over updates, means over all, nothing for models without experts", () => {
  assert.deepEqual(expertMetrics([]), {});
  assert.deepEqual(expertMetrics([[], []]), {});
  const metrics = expertMetrics([
    [
      { maximumOverMean: 2, evenness: 0.5 },
      { maximumOverMean: 1, evenness: 1 },
    ],
    [
      { maximumOverMean: 3, evenness: 0.25 },
      { maximumOverMean: 1.5, evenness: 0.25 },
    ],
  ]);
  assert.deepEqual(metrics, {
    "experts/max_over_mean": 3,
    "experts/evenness": 0.5,
    "experts/max_over_mean/0": 3,
    "experts/max_over_mean/1": 1.5,
  });
});
