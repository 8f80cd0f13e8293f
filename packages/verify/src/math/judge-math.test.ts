/** Whole judgements: outcomes, explanations, options, golds that cannot be read, hostile responses. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { judgeMath } from "./judge-math.ts";
import type { MathOptions } from "./options.ts";
import { GoldError, parseGold } from "./parse-gold.ts";

const raw = String.raw;
const outcome = (prediction: string, gold: string, options: MathOptions = {}): string =>
  judgeMath(prediction, gold, options).outcome;

describe("judgeMath", () => {
  it("says what it found, what was expected and what decided", () => {
    assert.deepEqual(judgeMath(raw`So $\boxed{\frac{1}{2}}$.`, "0.5"), {
      outcome: "correct",
      predicted: raw`\frac{1}{2}`,
      expected: "0.5",
      how: "boxed: exact rationals",
    });
    assert.equal(judgeMath("", "5").outcome, "unparsed");
    assert.equal(judgeMath("", "5").predicted, null);
    assert.equal(outcome(raw`\boxed{((}`, "5"), "unparsed");
    assert.equal(outcome(raw`\boxed{6}`, "5"), "wrong");
  });

  it("takes the gold out of a whole solution", () => {
    assert.equal(outcome("18", "She has 9 * 2 = 18.\n#### 18"), "correct");
    assert.equal(outcome("18", raw`Thus \boxed{18}.`), "correct");
    assert.equal(judgeMath("18", raw`Thus \boxed{18}.`).expected, "18");
  });

  it("gives an error for a gold that cannot be read, and tells it at load time", () => {
    for (const gold of ["", "   ", "((", raw`\frac{1}{`, "x".repeat(3_000), raw`no \boxed{ `]) {
      assert.equal(outcome("5", gold), "error", gold.slice(0, 20));
      assert.throws(() => parseGold(gold), GoldError, gold.slice(0, 20));
    }
    assert.equal(parseGold(raw`\frac{1}{2}`).answer?.kind, "value");
    assert.throws(() => parseGold(""), /cannot be used: it is empty/);
  });
});

describe("several final answers", () => {
  it("are refused when they disagree, even when the last is right", () => {
    assert.equal(outcome(raw`\boxed{1} or \boxed{2} or \boxed{5}`, "5"), "wrong");
    const guesses = Array.from({ length: 500 }, (_, index) => raw`\boxed{${index}}`).join(" ");
    assert.equal(outcome(guesses, "499"), "wrong");
    assert.equal(outcome("<answer>4</answer><answer>5</answer>", "5"), "wrong");
    assert.equal(outcome(raw`\boxed{4} no: \boxed{5}`, "5", { conflictingAnswers: "last" }), "correct");
  });

  it("count as one when they agree", () => {
    assert.equal(outcome(raw`\boxed{\frac12}, that is \boxed{0.5}`, "1/2"), "correct");
    assert.equal(outcome(raw`\boxed{5} `.repeat(300), "5"), "correct");
  });

  it("make up the parts of one answer", () => {
    assert.equal(outcome(raw`\boxed{1} and \boxed{2}`, "1,2"), "correct");
    assert.equal(outcome(raw`\boxed{x=1} and \boxed{y=2}`, "(1,2)"), "correct");
    assert.equal(outcome(raw`\boxed{1} and \boxed{3}`, "1,2"), "wrong");
  });
});

describe("options", () => {
  it("units", () => {
    const kept: MathOptions = { units: "kept" };
    assert.equal(outcome("5", raw`5\text{ cm}`, kept), "wrong");
    assert.equal(outcome("5 cm", raw`5\text{ cm}`, kept), "correct");
    assert.equal(outcome("50 mm", raw`5\text{ cm}`, kept), "correct");
    assert.equal(outcome("50", raw`50\%`, kept), "wrong");
    assert.equal(outcome("0.5", raw`50\%`, kept), "correct");
    assert.equal(outcome("90", raw`90^\circ`, kept), "wrong");
    assert.equal(outcome(raw`\frac{\pi}{2}`, raw`90^\circ`, kept), "correct");
    assert.equal(outcome(raw`5\text{ million}`, "5"), "wrong");
    assert.equal(outcome("5 million dollars", "5000000"), "correct");
  });

  it("rounding", () => {
    assert.equal(outcome("0.333", "1/3"), "wrong");
    assert.equal(outcome("0.333", "1/3", { significantDigits: 3 }), "correct");
    assert.equal(outcome("0.334", "1/3", { significantDigits: 3 }), "wrong");
    assert.equal(outcome("3.14", raw`\pi`, { significantDigits: 3 }), "correct");
    assert.equal(outcome("3.1415", raw`\pi`, { relativeTolerance: 1e-4 }), "correct");
    assert.equal(outcome("3.15", raw`\pi`, { relativeTolerance: 1e-4 }), "wrong");
    assert.equal(outcome("(0, 0.333)", raw`(0, \frac13)`, { relativeTolerance: 0.01 }), "correct");
  });

  it("the order of lists", () => {
    assert.equal(outcome("2, 1", "1, 2"), "correct");
    assert.equal(outcome("2, 1", "1, 2", { listOrder: "kept" }), "wrong");
    assert.equal(outcome("1, 2", "1, 2", { listOrder: "kept" }), "correct");
    assert.equal(outcome(raw`\{2, 1\}`, raw`\{1, 2\}`, { listOrder: "kept" }), "correct");
  });
});

/** None of these may be credited for a gold of 42; each must return at all. */
const HOSTILE: Readonly<Record<string, string>> = {
  "a tower": raw`\boxed{9^{9^{9^9}}}`,
  "a tower's factorial": raw`\boxed{10^{10^{10}}!}`,
  "nested factorials": raw`\boxed{((10!)!)!}`,
  "exponentials of exponentials": raw`\boxed{e^{e^{e^{e^e}}}}`,
  "a huge decimal exponent": raw`\boxed{1e999999999}`,
  "thousands of parentheses": raw`\boxed{${"(".repeat(900)}42${")".repeat(900)}}`,
  "thousands of braces": raw`\boxed{${"{".repeat(3_000)}42${"}".repeat(3_000)}}`,
  "nested fractions": raw`\boxed{${raw`\frac{`.repeat(200)}1${"}{2}".repeat(200)}}`,
  "megabytes of digits": raw`\boxed{${"42".repeat(2_000_000)}}`,
  "megabytes of dollars": "$".repeat(4_000_000),
  "open boxes": raw`\boxed{`.repeat(300_000),
  "boxes without braces": raw`\boxed `.repeat(300_000),
  "unbalanced braces": raw`\boxed{}}}{{42}`,
  "all numbers": Array.from({ length: 100 }, (_, index) => raw`\boxed{${index}}`).join(" "),
  "all numbers in one box": raw`\boxed{40, 41, 42, 43}`,
  "either or": raw`\boxed{42 \text{ or } 43}`,
  "a denial": raw`\boxed{\text{not } 42}`,
  "an inequality": raw`\boxed{\neq 42}`,
  "a bound": raw`\boxed{> 42}`,
  "a false chain": raw`\boxed{41 = 42}`,
  "a tautology": raw`\boxed{x = x}`,
  "digits apart": raw`\boxed{4 2}`,
  "unfinished thinking": raw`<think>Perhaps \boxed{42}`,
  "an interval around it": raw`\boxed{[41, 43]}`,
  almost: raw`\boxed{42.0000000000000001}`,
  "a Cyrillic letter": raw`\boxed{х=42+х}`,
  "plus or minus": raw`\boxed{\pm 42}`,
  "an unknown added": raw`\boxed{42 + 0.0000001\epsilon}`,
};

describe("hostile responses", () => {
  for (const [name, prediction] of Object.entries(HOSTILE))
    it(name, () => {
      const verdict = judgeMath(prediction, "42");
      assert.ok(verdict.outcome === "wrong" || verdict.outcome === "unparsed", JSON.stringify(verdict));
      assert.ok(verdict.how.length < 300);
    });

  it("does compare what is merely large", () => {
    assert.equal(outcome(raw`\boxed{9^{9^{9}}}`, "9^{387420489}"), "correct");
    assert.equal(outcome(raw`\boxed{2^{100000}+1}`, "2^{100000}"), "wrong");
    assert.equal(outcome(raw`\boxed{9^{9^{9^9}}}`, raw`9^{9^{9^9}}`), "correct");
  });
});

it("a short question is an echo only where it has a line of its own", () => {
  assert.equal(judgeMath("\\boxed{0.5}", "\\frac{1}{2}", { question: "b" }).outcome, "correct");
  assert.equal(judgeMath("2 + 2 = 4", "4", { question: "2 + 2" }).outcome, "correct");
  assert.equal(judgeMath("12", "12", { question: "12" }).outcome, "unparsed");
});
