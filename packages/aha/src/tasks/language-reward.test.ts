/** The language reward: the share of the thought's words in the question's language, and what has none. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { languageReward, thoughtOf } from "./language-reward.ts";

const judge = async (completion: string, columns: Record<string, string>) =>
  (await languageReward().judge({ question: { id: "q", prompt: "", columns }, completion, truncated: false }))
    .value;

test("only the thought counts, only words count", async () => {
  const mixed = "<think> 3 + 4 = 7 no wait 3 * 4 = 12 不对 等等 </think> plain words outside";
  assert.equal(await judge(mixed, { language: "en" }), 0.5);
  assert.equal(await judge(mixed, { language: "zh" }), 0.5);
  assert.equal(await judge("<think> wait, that is wrong </think> 不对", { language: "en" }), 1);
});

test("no thought or no word is worth nothing; without a language it does not apply", async () => {
  assert.equal(await judge("just an answer", { language: "en" }), 0);
  assert.equal(await judge("<think> 3 + 4 = 7 </think>", { language: "en" }), 0);
  assert.equal(await judge("<think> wait </think>", {}), null);
});

test("the thought ends at its tag, or with the text where it was cut off", () => {
  assert.equal(thoughtOf("a <think>b</think> c"), "b");
  assert.equal(thoughtOf("<think>b and"), "b and");
  assert.equal(thoughtOf("b</think> c", true), "b");
  assert.equal(thoughtOf("nothing"), null);
});
