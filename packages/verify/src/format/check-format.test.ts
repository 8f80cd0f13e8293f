/** Tests of the format check: one thought, one answer (or a summary), nothing else, and what failed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkFormat, type FormatOptions, isWellFormed } from "./check-format.ts";

const rules = (text: string, options: FormatOptions = {}): string[] =>
  checkFormat(text, options).problems.map(({ rule }) => rule);

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

test("says what failed", () => {
  for (const [text, expected] of [
    ["<think>a</think><answer>b</answer>", []],
    ["", ["missing-tag", "missing-tag", "missing-tag", "missing-tag"]],
    ["<think>a</think>", ["missing-tag", "missing-tag"]],
    ["<think>a</think><answer>b</answer><answer>b</answer>", ["repeated-tag", "repeated-tag"]],
    ["<answer>b</answer><think>a</think>", ["tag-order"]],
    ["<think>a<answer>b</answer></think>", ["tag-order"]],
    [
      "so<think> </think>hm<answer></answer>!",
      ["text-before-thinking", "blank-thinking", "text-between", "blank-answer", "text-after-answer"],
    ],
    ["<think>a <Think> b</think><answer>b</answer>", ["look-alike-tag"]],
    ["<think>a</think><answer>b< /ANSWER ></answer>", ["look-alike-tag"]],
    ["<think>a</think><answer>\u200b\u2060</answer>", ["blank-answer"]],
    ["<think>a</think>\u200b<answer>b</answer>", ["text-between"]],
  ] as const) {
    assert.deepEqual(rules(text), expected, text);
    assert.equal(isWellFormed(text), expected.length === 0, text);
  }
  const [problem] = checkFormat("a</think><answer>b</answer>").problems;
  assert.equal(problem?.detail, "no <think>");
});

test("the served form: a thought, then the summary", () => {
  const served: FormatOptions = { form: "think-summary" };
  const opened: FormatOptions = { ...served, promptOpensThinking: true };
  for (const [text, options, expected] of [
    ["<think>\na\n</think>\n\nThe answer is \\boxed{4}.", served, []],
    ["a\n</think>\n\nThe answer is 4.", opened, []],
    ["a\n</think>\n\nThe answer is 4.", served, ["missing-tag"]],
    ["<think>a</think>4", opened, ["repeated-tag"]],
    ["<think>a</think> ", served, ["blank-summary"]],
    ["<think>a</think><answer>4</answer>", served, ["unexpected-tag", "unexpected-tag"]],
    ["<think>a</think>4</think>", served, ["repeated-tag"]],
    ["</think>a<think>", served, ["tag-order"]],
    ["x<think>a</think>4", served, ["text-before-thinking"]],
    ["<think>\n\n</think>\n\n4", served, ["blank-thinking"]],
    ["<think>\n\n</think>\n\n4", { ...served, allowBlankThinking: true }, []],
  ] as const) {
    assert.deepEqual(rules(text, options), expected, text);
  }
});

test("hostile text costs no more than its length and floods nothing", () => {
  for (const text of [
    "<".repeat(2_000_000),
    "<think".repeat(300_000),
    "<think>".repeat(300_000),
    "< ".repeat(1_000_000),
  ]) {
    const { ok, problems } = checkFormat(text);
    assert.equal(ok, false);
    assert.ok(problems.length <= 5);
  }
});
