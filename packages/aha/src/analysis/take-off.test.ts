/** The take-off of made curves whose truth is known: ramps, noise, drifts, falls. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { deriveSeed, randomStream } from "../rollout/seeds.ts";
import { findTakeOff } from "./take-off.ts";

function curve(count: number, level: (step: number) => number, noise: number, seed = 1) {
  const random = randomStream(deriveSeed("curve", seed));
  return Array.from({ length: count }, (_, index) => ({
    step: index + 1,
    value: level(index + 1) + noise * (random() + random() - 1),
  }));
}

test("a ramp in noise is found where it begins and ends", () => {
  const level = (step: number): number => 0.6 + 5 * Math.min(1, Math.max(0, (step - 30) / 40));
  const found = findTakeOff(curve(100, level, 0.8));
  assert.ok(found.takesOff, found.verdict);
  assert.ok(Math.abs((found.from ?? 0) - 30) <= 6, `${found.from}`);
  assert.ok(Math.abs((found.to ?? 0) - 70) <= 8, `${found.to}`);
  assert.ok(Math.abs(found.levelBefore - 0.6) < 0.4 && Math.abs(found.levelAfter - 5.6) < 0.4);
  assert.match(found.verdict, /^takes off at step \d+/);
});

test("a late leap in a long run is found to within a bin", () => {
  const found = findTakeOff(curve(6000, (step) => (step < 4800 ? 1 : 6), 1));
  assert.ok(found.takesOff);
  assert.ok(Math.abs((found.from ?? 0) - 4750) <= 150, `${found.from}`);
});

test("noise alone seldom passes for a take-off, and a constant never", () => {
  const verdicts = Array.from({ length: 10 }, (_, seed) => findTakeOff(curve(100, () => 0.7, 0.6, seed)));
  assert.equal(verdicts.filter(({ takesOff }) => takesOff).length, 0);
  assert.equal(findTakeOff(curve(50, () => 0, 0)).takesOff, false);
});

test("a small drift is no take-off, though it is no chance; nor is a fall", () => {
  const drift = findTakeOff(curve(100, (step) => 1 + step / 250, 0.1));
  assert.equal(drift.takesOff, false);
  assert.ok(drift.chance <= 0.01);
  assert.match(drift.verdict, /no 2-fold rise/);
  assert.equal(
    findTakeOff(
      curve(100, (step) => 1 + step / 250, 0.1),
      { leastRise: 1.2 },
    ).takesOff,
    true,
  );
  assert.match(findTakeOff(curve(100, (step) => 5 - step / 25, 0.2)).verdict, /a fall/);
});

test("a few steps are too short to tell", () => {
  const found = findTakeOff(curve(5, (step) => step, 0));
  assert.deepEqual([found.takesOff, found.from], [false, null]);
  assert.match(found.verdict, /too short/);
});
