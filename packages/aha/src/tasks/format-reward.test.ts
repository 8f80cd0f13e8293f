/** Tests of the format reward: one thought, one answer, nothing else. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { formatReward } from "./format-reward.ts";
import { isWellFormed } from "./tagged-answer.ts";

test("accepts one thought and then one answer, with white space around", () => {
  for (const text of [
    "<think>a</think><answer>b</answer>",
    " <think> a < b > c </think>\n\n<answer> 1 + 2 </answer>\n",
    "<think>\nlines\n\nof </b> thought\n</think> <answer>x</answer>",
  ]) {
    assert.equal(isWellFormed(text), true, text);
  }
});

test("refuses everything else", () => {
  for (const text of [
    "",
    "<answer>b</answer>",
    "<think>a</think>",
    "<think>a<answer>b</answer></think>",
    "<think>a</think>so<answer>b</answer>",
    "so<think>a</think><answer>b</answer>",
    "<think>a</think><answer>b</answer>done",
    "<think>a</think><answer>b",
    "<think>a</think><answer></answer>",
    "<think> </think><answer>b</answer>",
    "<answer>b</answer><think>a</think>",
    "<think><think>a</think><answer>b</answer>",
    "<think>a</think></think><answer>b</answer>",
    "<think>a</think><answer>b</answer><answer>b</answer>",
    "a</think><answer>b</answer>",
    "<Think>a</Think><answer>b</answer>",
    "<think>".repeat(200_000),
  ]) {
    assert.equal(isWellFormed(text), false, text.slice(0, 60));
  }
});

test("where the prompt opens the thinking, the completion must not", () => {
  const options = { promptOpensThinking: true };
  assert.equal(isWellFormed("a</think><answer>b</answer>", options), true);
  assert.equal(isWellFormed("<think>a</think><answer>b</answer>", options), false);
  assert.equal(isWellFormed(" </think><answer>b</answer>", options), false);
});

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
