/** Compares numerals in a base, ratios and times of day. */

import type { Answer } from "./answer.ts";
import type { Comparison } from "./compare-expressions.ts";
import { exactValue } from "./exact-value.ts";
import { call, integer } from "./expression.ts";
import { isInteger } from "./rational.ts";

type Compare = (gold: Answer, given: Answer) => Comparison;

const numeralValue = (digits: string, base: number): bigint => {
  const negative = digits.startsWith("-");
  let value = 0n;
  for (const digit of negative ? digits.slice(1) : digits)
    value = value * BigInt(base) + BigInt(Number.parseInt(digit, 36));
  return negative ? -value : value;
};

const integerOf = (answer: Answer): bigint | null => {
  const value = answer.kind === "value" ? exactValue(answer.expression) : null;
  return value !== null && isInteger(value) ? value.numerator : null;
};

/**
 * `52_8` equals itself and bare `52`, whose base the question names. It does not equal `42` or `1120_3`: questions
 * with such golds give a number in one base and ask for another, so giving it back is no answer, though its value
 * is right. A gold of `42` equals `52_8`.
 */
export const compareBased = (gold: Answer, given: Answer): Comparison => {
  const how = "numerals in a base";
  if (gold.kind === "based" && given.kind === "based")
    return { equal: gold.base === given.base && gold.digits === given.digits, how };
  if (gold.kind === "based") {
    if (given.kind === "text") return { equal: given.words.toUpperCase() === gold.digits, how };
    return { equal: integerOf(given)?.toString() === gold.digits, how: `${how}, the base left out` };
  }
  if (given.kind !== "based") return { equal: false, how };
  return { equal: integerOf(gold) === numeralValue(given.digits, given.base), how };
};

/** The parts of a ratio; a number is a ratio to one, `9:24` one of its own. Null for anything else. */
export const ratioParts = (answer: Answer): readonly Answer[] | null => {
  if (answer.kind === "ratio") return answer.parts;
  if (answer.kind === "value") {
    const { expression } = answer;
    const one: Answer = { kind: "value", expression: integer(1), unit: null };
    return [{ ...answer, expression }, one];
  }
  if (answer.kind !== "time" || answer.meridiem !== null || answer.seconds % 60 !== 0) return null;
  const part = (value: number): Answer => ({ kind: "value", expression: integer(value), unit: null });
  return [part(Math.floor(answer.seconds / 3600)), part((answer.seconds % 3600) / 60)];
};

/** `3 : 5`, `6 : 10` and `3/5` are the same ratio; more than two parts are compared proportionally. */
export const compareRatios = (gold: Answer, given: Answer, compare: Compare): Comparison => {
  const [first, second] = [ratioParts(gold), ratioParts(given)];
  const how = "ratios";
  if (first === null || second === null || first.length !== second.length) return { equal: false, how };
  // A ratio to nothing equals only itself: 0 · a = 0 · b says nothing about a and b.
  const isZero = (part: Answer): boolean =>
    part.kind === "value" && exactValue(part.expression)?.numerator === 0n;
  if ([...first, ...second].some(isZero))
    return { equal: first.every((part, index) => compare(part, second[index] ?? part).equal), how };
  const product = (a: Answer | undefined, b: Answer | undefined): Answer | null =>
    a?.kind === "value" && b?.kind === "value"
      ? { kind: "value", expression: call("Multiply", a.expression, b.expression), unit: null }
      : null;
  for (let index = 1; index < first.length; index += 1) {
    const [left, right] = [product(first[0], second[index]), product(second[0], first[index])];
    if (left === null || right === null || !compare(left, right).equal) return { equal: false, how };
  }
  return { equal: true, how };
};

const HALF_DAY = 12 * 3600;

/** The possible moments of a written time: with no a.m. or p.m. it may be either. */
const moments = (time: Extract<Answer, { kind: "time" }>): number[] => {
  if (time.meridiem === null) return [time.seconds % (2 * HALF_DAY)];
  return [(time.seconds % HALF_DAY) + (time.meridiem === "pm" ? HALF_DAY : 0)];
};

/** Times of day; one that leaves out a.m. or p.m. equals the other, as with any unit. Else compared as ratios. */
export const compareTimes = (gold: Answer, given: Answer, compare: Compare): Comparison => {
  const how = "times of day";
  if (gold.kind === "ratio" || given.kind === "ratio") return compareRatios(gold, given, compare);
  if (gold.kind !== "time" || given.kind !== "time") return { equal: false, how };
  if (moments(gold)[0] === moments(given)[0]) return { equal: true, how };
  const oneOpen = (gold.meridiem === null) !== (given.meridiem === null);
  return { equal: oneOpen && gold.seconds === given.seconds, how };
};
