/** The alarm of reward hacking: raised only where accuracy falls and the reward rises. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { hackingAlarm } from "./hacking-alarm.ts";

const history = (...pairs: readonly (readonly [accuracy: number, reward: number])[]) =>
  pairs.map(([accuracy, reward], index) => ({ step: 10 * index, accuracy, reward }));
const limits = { accuracyDrop: 0.05, rewardRise: 0 };

test("raised where the two part ways, with both figures in the reason", () => {
  const reason = hackingAlarm(history([0.3, 3.5], [0.34, 3.6], [0.29, 4.6]), {
    ...limits,
    accuracyDrop: 0.04,
  });
  assert.match(reason ?? "", /0\.340 \(step 10\) to 0\.290.*3\.600 to 4\.600/);
});

test("not raised where both rise, both fall, or accuracy falls less than asked", () => {
  assert.equal(hackingAlarm(history([0.3, 3], [0.4, 4]), limits), null);
  assert.equal(hackingAlarm(history([0.4, 4], [0.3, 3]), limits), null);
  assert.equal(hackingAlarm(history([0.4, 3], [0.36, 4]), limits), null);
  assert.equal(hackingAlarm(history([0.4, 3], [0.3, 3.2]), { ...limits, rewardRise: 0.5 }), null);
  assert.equal(hackingAlarm(history([0.4, 3]), limits), null);
  assert.equal(hackingAlarm([], limits), null);
});

test("compared is the last evaluation with the latest best, not with the one before", () => {
  assert.notEqual(hackingAlarm(history([0.5, 1], [0.47, 2], [0.44, 3]), limits), null);
  // At the later of two equal bests the reward was already as high: pleasing the reward cost nothing since.
  assert.equal(hackingAlarm(history([0.5, 1], [0.5, 3], [0.44, 3]), limits), null);
});
