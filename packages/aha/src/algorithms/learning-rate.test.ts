/** Learning-rate schedules at their corners and in between. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { learningRateAt, type Schedule, type ScheduleName } from "./learning-rate.ts";

const schedule = (form: ScheduleName, change: Partial<Schedule> = {}): Schedule => ({
  peak: 2,
  warmupSteps: 4,
  totalSteps: 12,
  form,
  finalFraction: 0.1,
  ...change,
});

test("the warm-up rises by equal steps to the peak, whatever follows", () => {
  for (const form of ["constant", "linear", "cosine"] as const) {
    assert.deepEqual(
      [0, 1, 2, 3, 4].map((step) => learningRateAt(step, schedule(form))),
      [0.5, 1, 1.5, 2, 2],
    );
  }
});

test("constant stays, linear and cosine pass their middle and end at their fraction of the peak", () => {
  const middle = 2 * (0.1 + 0.9 * 0.5);
  for (const [form, expected] of [
    ["constant", [2, 2, 2]],
    ["linear", [middle, 0.2, 0.2]],
    ["cosine", [middle, 0.2, 0.2]],
  ] as const) {
    [8, 12, 50].forEach((step, index) => {
      const rate = learningRateAt(step, schedule(form));
      assert.ok(Math.abs(rate - (expected[index] as number)) < 1e-12, `${form} at ${step}: ${rate}`);
    });
  }
  // A quarter of the way down the cosine is still high up.
  const quarter = learningRateAt(6, schedule("cosine"));
  assert.ok(Math.abs(quarter - 2 * (0.1 + 0.9 * ((1 + Math.SQRT1_2) / 2))) < 1e-12);
});

test("without warm-up the first step has the peak; a schedule that is all warm-up never leaves it", () => {
  assert.equal(learningRateAt(0, schedule("cosine", { warmupSteps: 0 })), 2);
  assert.equal(learningRateAt(11, schedule("linear", { warmupSteps: 12 })), 2);
});
