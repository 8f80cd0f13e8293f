/** Tests of the format reward: 0 or 1, with the reason. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { formatReward } from "./format-reward.ts";

test("the reward is 0 or 1 and says why", async () => {
  const reward = formatReward();
  const question = { id: "q", prompt: "p", columns: {} };
  const judge = (completion: string) => reward.judge({ question, completion, truncated: false });
  assert.equal(reward.name, "format");
  assert.equal(reward.weight, 1);
  assert.deepEqual(await judge("<think>a</think><answer>b</answer>"), { value: 1 });
  const refused = await judge("b");
  assert.equal(refused.value, 0);
  assert.match(refused.detail ?? "", /<think>/);
});
