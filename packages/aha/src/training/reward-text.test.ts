/** What a reward model reads: summaries, templates that write thinking of their own, and the scored token. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Tokenizer } from "../folder/tokenizer.ts";
import { opensThinking, rewardTokens, scoredRow, summaryOf } from "./reward-text.ts";

test("the summary stands behind the last end of thinking; unended thinking has none", () => {
  assert.equal(summaryOf("<think>a</think>\n\nb "), "b");
  assert.equal(summaryOf("a</think>b</think> c"), "c");
  assert.equal(summaryOf("no thinking at all"), "no thinking at all");
  assert.equal(summaryOf("<think>a"), null);
  assert.equal(summaryOf("a", true), null, "the prompt opened the thinking");
  assert.equal(summaryOf("a</think>b", true), "b");
  assert.equal(summaryOf("<think>a</think>"), "");
  assert.equal(opensThinking("Assistant: <think>\n"), true);
  assert.equal(opensThinking("Assistant:"), false);
});

/** Ids are characters; the template is written as Qwen3's does: an empty thinking before an answer without any. */
const tokenizer = {
  eosTokenId: 0,
  encode: (text: string) => [...text].map((character) => character.codePointAt(0) as number),
  applyChatTemplate: (turns: readonly { role: string; content: string | null }[]) =>
    turns
      .map(({ role, content }) =>
        role === "assistant"
          ? `[A]<think>\n\n</think>\n\n${(content ?? "").trim()}[/A]\n`
          : `[U]${content}[/U]`,
      )
      .join(""),
} as unknown as Tokenizer;
const read = (
  ...given: Parameters<typeof rewardTokens> extends [unknown, ...infer Rest] ? Rest : never
): string => String.fromCodePoint(...rewardTokens(tokenizer, ...given));

test("text is continued and ended; a prompt's opened thinking is left out of what a summary follows", () => {
  assert.equal(read("Q: <think>", "b", "summary"), "Q: b\0");
  assert.equal(read("Q: <think>", "a</think>b", "response"), "Q: <think>a</think>b\0");
});

test("a conversation's response stands in the template as it is, with its own thinking or the template's empty one", () => {
  const asked = [{ role: "user", content: "q" }];
  assert.equal(read(asked, "b", "summary"), "[U]q[/U][A]<think>\n\n</think>\n\nb[/A]\n");
  const whole = "<think>\na </think>\n\n  b $& ";
  assert.equal(read(asked, whole, "response"), `[U]q[/U][A]${whole}[/A]\n`);
});

test("the scored token is the last that is not padding, as transformers takes it", () => {
  assert.equal(scoredRow([5, 6, 7], null), 2);
  assert.equal(scoredRow([5, 6, 2, 2], 2), 1);
  assert.equal(scoredRow([2, 2], 2), 0);
  assert.equal(scoredRow([5, 2, 6], 2), 2);
});
