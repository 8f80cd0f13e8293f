/** Tests of the 24 game: where an answer is looked for, exact arithmetic, and no luck. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { verifyTwentyFour } from "./verify-twenty-four.ts";

const outcome = (text: string, numbers = [3, 3, 8, 8]) => verifyTwentyFour(text, numbers).outcome;

test("finds the expression and values it exactly", () => {
  for (const text of [
    "<answer>8 / (3 - 8 / 3)</answer>",
    "<think>8 * 3 = 24</think><answer>8/(3-8/3)</answer>",
    "8 / (3 - 8 / 3)",
    "8 / (3 - 8 / 3) = 24",
    "The answer is: 8 ÷ (3 − 8 ÷ 3) = 24",
    "We try a few.\n\n**8 / (3 - 8/3) = 24**\n\nDone, it works!",
    "So \\boxed{\\frac{8}{3 - \\frac{8}{3}}}",
    "\\boxed{8/(3-8/3)=24}",
    "答案：8 ÷ (3 - 8 ÷ 3)",
  ]) {
    assert.equal(outcome(text), "correct", text);
  }
});

test("wrong values, wrong numbers, guesses and nothing", () => {
  for (const text of [
    "8 + 8 + 3 + 3",
    "8 * 3",
    "8 * 3 * (3 / 8) * (8 / 3)",
    "24",
    "8 / (3 - 8 / 3) = 25",
    "8 / (8 - 8)",
    "<answer>8 / (3 - 8 / 3)</answer><answer>8 + 8 + 3 + 3</answer>",
    "<answer>8 + 8 + 3 + 3</answer><answer>8 / (3 - 8 / 3)</answer>",
    "\\boxed{8 / (3 - 8 / 3)} \\boxed{24}",
    "8 / (3 - 8 / 3)\n8 + 8 + 3 + 3",
  ]) {
    assert.equal(outcome(text), "wrong", text);
  }
  for (const text of [
    "",
    "I give up.",
    "<think>8 / (3 - 8 / 3)",
    "<answer>no</answer> 8 / (3 - 8 / 3)",
    "8 8 3 3",
  ]) {
    assert.equal(outcome(text), "unparsed", text);
  }
});

test("other targets, and a question at fault", () => {
  assert.equal(verifyTwentyFour("3 * 7 + 12", [3, 7, 12], { target: 33 }).outcome, "correct");
  assert.equal(verifyTwentyFour("3 * 7 + 12", [3, 7, 12.5], { target: 33 }).outcome, "error");
  assert.equal(verifyTwentyFour("3 * 7 + 12", [3, 7, 12], { target: Number.NaN }).outcome, "error");
});

test("hostile text costs no more than its length", () => {
  for (const text of [
    "1+".repeat(500_000),
    "so ".repeat(300_000),
    "\n".repeat(1_000_000),
    "(".repeat(1_000_000),
    `${"so the answer is ".repeat(30_000)}8`,
  ]) {
    assert.notEqual(outcome(text), "correct");
  }
});
