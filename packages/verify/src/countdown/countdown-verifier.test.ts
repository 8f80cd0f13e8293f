/** Tests of the Countdown verifier: what people write, what models print, and what must never pass. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type SeededRandom, seededRandom } from "../../test/helpers/seeded-random.ts";
import { judgeCountdown, judgeExpression } from "./countdown-verifier.ts";

const answer = (text: string): string => `<think> … </think> <answer> ${text} </answer>`;
const outcome = (completion: string, nums = [3, 7, 12], target = 33): string | undefined =>
  judgeCountdown(completion, nums, target).outcome;

test("accepts the ways people write a correct expression", () => {
  for (const text of [
    "3 * 7 + 12",
    "3*7+12",
    "12 + (7 × 3)",
    "(3·7)+12",
    "[3 ⋅ 7] + {12}",
    "3x7+12",
    "12 − -7 * 3",
    "-7 * -3 + 12",
    "- (-12 - 7 * 3)",
    "3 * 7 + 12 = 33",
    "3 * 7 + 12 = 33.",
    "$3 \\times 7 + 12$",
    "\\(3 \\cdot 7 + 12\\)",
    "\\boxed{3 \\times 7 + 12}",
    "\\left(3 \\times 7\\right) + 12",
    "((((((3 * 7))))) + 12)",
    "３＊７＋１２",
    "٣ * ٧ + ١٢",
    "𝟑 × 𝟕 + 𝟏𝟐",
    "3\u00a0*\n7\t+\u202f12",
  ]) {
    assert.equal(outcome(answer(text)), "correct", text);
  }
});

test("evaluates exactly, with fractions on the way", () => {
  assert.equal(outcome(answer("8 / (3 - 8 / 3)"), [3, 3, 8, 8], 24), "correct");
  assert.equal(outcome(answer("8 ÷ (3 − 8 : 3)"), [3, 3, 8, 8], 24), "correct");
  assert.equal(outcome(answer("\\frac{8}{3 - \\dfrac{8}{3}}"), [3, 3, 8, 8], 24), "correct");
  assert.equal(outcome(answer("12 / 3 / 2"), [2, 3, 12], 2), "correct");
  assert.equal(outcome(answer("12 - 3 - 2"), [2, 3, 12], 7), "correct");
  assert.equal(outcome(answer("2 - 3 * 4"), [2, 3, 4], -10), "correct");
  assert.equal(outcome(answer("1 / 3"), [1, 3], 0), "wrong");
  // 2^53 + 1 is no double: only exact arithmetic tells it from 2^53.
  assert.equal(outcome(answer("94906267 * 94906267 + 1"), [1, 94906267, 94906267], 0), "wrong");
});

test("refuses wrong values, wrong numbers and wrong claims", () => {
  for (const text of [
    "3 + 7 + 12",
    "33",
    "11 * 3",
    "3 * 7 + 12 + 3 - 3",
    "7 + 12 + 12 + 2",
    "3 * 7",
    "3 * 7 + 12 = 34",
    "3 * 7 + 12 = -33",
    "(3 * 7 + 12) / (7 - 7)",
    "3 + 7 * 12 = 33",
    "3 / (7 - 7)",
  ]) {
    assert.equal(outcome(answer(text)), "wrong", text);
  }
  assert.equal(outcome(answer("3 / (7 - 7)"), [3, 7, 7], 0), "wrong");
});

test("tells text that is no expression from a wrong one", () => {
  for (const text of [
    "",
    "   ",
    "I do not know",
    "3 7 12",
    "1 2 + 3 * 7",
    "3 (7) + 12",
    "(3)(7) + 12",
    "3 * 7 +",
    "* 3 7",
    "3 ** 7 + 12",
    "3 // 7",
    "+3 * 7 + 12",
    "3 * 7 + 12)",
    "(3 * 7 + 12",
    "(3 * 7] + 12",
    "3 * 7 + ()",
    "3^7 + 12",
    "3² + 12",
    "3.0 * 7 + 12",
    "3 * 7 + 12 = 3 * 7 + 12",
    "33 = 33 = 3 * 7 + 12",
    "= 33",
    "3 * 7 = 21 + 12 = 33",
    "\\frac{3}7",
    "\\frac12",
    "\\frac{3}{7",
    "\\sqrt{3}",
    "\\constructor",
    "constructor",
    "__proto__",
    "process.exit(1)",
    "3 * 7 + 12; 33",
    "3 * 7 + 12 or 12 + 3 * 7",
  ]) {
    assert.equal(outcome(answer(text)), "unparsed", text);
  }
});

test("counts only closed answers outside the thinking", () => {
  const good = "<answer> 3 * 7 + 12 </answer>";
  assert.equal(outcome(good), "correct");
  assert.equal(outcome(`${good} I am sure of it.`), "correct");
  assert.equal(outcome(`<think> ${good} </think>`), "unparsed");
  assert.equal(outcome(`<think> ${good}`), "unparsed");
  assert.equal(outcome(`<think> hm </think> <answer> 3 * 7 + 12`), "unparsed");
  assert.equal(outcome(`<think> ${good} </think> <answer> 3 + 7 </answer>`), "wrong");
  assert.equal(outcome("3 * 7 + 12"), "unparsed");
  assert.equal(outcome("<ANSWER> 3 * 7 + 12 </ANSWER>"), "unparsed");
  assert.equal(judgeCountdown(good, [3, 7, 12], 33, { promptOpensThinking: true }).outcome, "unparsed");
  assert.equal(
    judgeCountdown(`hm </think> ${good}`, [3, 7, 12], 33, { promptOpensThinking: true }).outcome,
    "correct",
  );
});

test("several answers are correct only together", () => {
  const good = "<answer> 3 * 7 + 12 </answer>";
  const bad = "<answer> 3 + 7 + 12 </answer>";
  assert.equal(outcome(good + good), "correct");
  assert.equal(outcome(`${good}<answer>12 + 7 * 3</answer>`), "correct");
  assert.equal(outcome(bad + good), "wrong");
  assert.equal(outcome(good + bad), "wrong");
  assert.equal(outcome(`<answer> nothing </answer>${good}`), "wrong");
  assert.equal(outcome(`${good}<answer></answer>`), "unparsed");
});

test("is safe and quick against anything a model can print", () => {
  const deep = 10_000;
  const hostile = [
    `${"(".repeat(deep)}3 * 7 + 12${")".repeat(deep)}`,
    "(".repeat(deep),
    ")".repeat(deep),
    "\\frac{".repeat(deep),
    "-".repeat(deep),
    `${"-".repeat(1_000)}3`,
    "9".repeat(1_000_000),
    `3 * 7 + ${"9".repeat(1_900)}`,
    `3${" * 9999999999999999999".repeat(80)}`,
    "3 * 7 + 12 ".repeat(100_000),
    `3${" + 3".repeat(500_000)}`,
    "\u0000\uffff\ud800 3 * 7",
    "🤔".repeat(500),
    " ".repeat(3_000_000),
    "0x21",
    "1e1",
    "Infinity",
    "NaN",
  ];
  for (const text of hostile) {
    assert.notEqual(outcome(answer(text)), "correct");
    assert.equal(judgeCountdown(answer(text), [3, 7, 12], 33).value, 0);
  }
  for (const text of [
    "<answer>".repeat(300_000),
    "<think>".repeat(300_000),
    "<".repeat(2_000_000),
    "</answer>".repeat(300_000),
  ]) {
    assert.equal(outcome(text), "unparsed");
  }
  const many = Array.from({ length: 100_000 }, (_, index) => `<answer> ${index} </answer>`).join("");
  assert.equal(outcome(`${many}<answer> 3 * 7 + 12 </answer>`), "wrong");
  // Brackets within the length limit are no reason to refuse.
  assert.equal(outcome(answer(`${"(".repeat(900)}3 * 7 + 12${")".repeat(900)}`)), "correct");
});

/** A random use of every number once whose steps are all whole, and its value. */
function drawExpression(random: SeededRandom, numbers: readonly number[]): { text: string; value: number } {
  let operands = numbers.map((value) => ({ text: String(value), value }));
  while (operands.length > 1) {
    const [left, right, ...rest] = random.shuffle(operands) as [(typeof operands)[0], (typeof operands)[0]];
    const divides = right.value !== 0 && left.value % right.value === 0;
    const operator = random.pick(divides ? ["+", "-", "*", "/"] : ["+", "-", "*"]);
    const value = {
      "+": () => left.value + right.value,
      "-": () => left.value - right.value,
      "*": () => left.value * right.value,
      "/": () => left.value / right.value,
    }[operator as "+"]();
    const bracket = (text: string): string => (text.includes(" ") ? `( ${text} )` : text);
    operands = [...rest, { text: `${bracket(left.text)} ${operator} ${bracket(right.text)}`, value }];
  }
  return { text: operands[0]?.text ?? "", value: operands[0]?.value ?? 0 };
}

/** Redraws the signs, brackets and room of an expression without changing its meaning. */
function restyle(random: SeededRandom, expression: string): string {
  const signs: Record<string, readonly string[]> = {
    "+": ["+", "＋"],
    "-": ["-", "−", "–"],
    "*": ["*", "×", "·", "\\times ", "\\cdot ", "x"],
    "/": ["/", "÷", ":", "\\div "],
    "(": ["(", "[", "{", "(("],
  };
  const closing: Record<string, string> = { "(": ")", "[": "]", "{": "}", "((": "))" };
  const opened: string[] = [];
  const parts = expression.split(" ").map((part) => {
    if (part === ")") return closing[opened.pop() as string] as string;
    const styles = signs[part];
    if (styles === undefined) return random.below(5) === 0 ? `(${part})` : part;
    const style = random.pick(styles);
    if (part === "(") opened.push(style);
    return style;
  });
  const text = parts.join(random.pick(["", " ", "  "]));
  return random.below(4) === 0 ? `(${text})` : text;
}

test("property: every computation is correct for its own value however it is styled, and for no other", () => {
  const random = seededRandom("verifier-property");
  for (let round = 0; round < 3_000; round++) {
    const nums = Array.from({ length: 2 + random.below(4) }, () => 1 + random.below(25));
    const { text: expression, value } = drawExpression(random, nums);
    const styled = restyle(random, expression);
    const shuffled = [...nums].reverse();
    const label = `${styled} for ${shuffled.join(", ")} → ${value}`;
    assert.equal(judgeExpression(styled, shuffled, value).outcome, "correct", label);
    assert.equal(judgeExpression(`${styled} = ${value}`, shuffled, value).outcome, "correct", label);
    assert.equal(judgeExpression(styled, shuffled, value + 1 + random.below(5)).outcome, "wrong", label);
    assert.equal(judgeExpression(styled, [...shuffled, 1], value).outcome, "wrong", label);
    assert.equal(judgeExpression(styled, shuffled.slice(1), value).outcome, "wrong", label);
    assert.equal(judgeExpression(`${styled} + 0`, shuffled, value).outcome, "wrong", label);
    assert.equal(judgeExpression(`${styled} +`, shuffled, value).outcome, "unparsed", label);
  }
});

test("property: random junk never throws and never passes", () => {
  const random = seededRandom("verifier-junk");
  const pieces = [
    "3",
    "7",
    "12",
    "+",
    "-",
    "*",
    "/",
    "(",
    ")",
    "{",
    "}",
    "=",
    "\\frac",
    "\\",
    "$",
    " ",
    "<answer>",
    "</answer>",
    "<think>",
    "</think>",
    ".",
    "x",
    "٣",
  ];
  for (let round = 0; round < 20_000; round++) {
    const text = Array.from({ length: random.below(14) }, () => random.pick(pieces)).join("");
    const judgement = judgeCountdown(`<answer>${text}</answer>`, [3, 7, 12], 1_000_003);
    assert.equal(judgement.value, 0, text);
    assert.ok(judgement.outcome === "wrong" || judgement.outcome === "unparsed", text);
  }
});
