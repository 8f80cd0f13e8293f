/** The exact rational value of an expression without variables, where it has one of bounded size. */

import type { Expression } from "./expression.ts";
import { add, divide, isInteger, makeRational, multiply, power, type Rational } from "./rational.ts";

const MAXIMUM_FACTORIAL = 1_000n;

/** `n!`; null when n is no whole number up to 1,000. */
export const exactFactorial = (n: Rational): bigint | null => {
  if (!isInteger(n) || n.numerator < 0n || n.numerator > MAXIMUM_FACTORIAL) return null;
  let product = 1n;
  for (let factor = 2n; factor <= n.numerator; factor += 1n) product *= factor;
  return product;
};

/** `n` over `k`; null when they are no whole numbers or n is over 1,000. */
export const exactBinomial = (n: Rational, k: Rational): bigint | null => {
  if (!isInteger(k) || k.numerator < 0n) return null;
  if (isInteger(n) && n.numerator >= 0n && k.numerator > n.numerator) return 0n;
  const top = exactFactorial(n);
  const first = exactFactorial(k);
  const second = exactFactorial({ numerator: n.numerator - k.numerator, denominator: 1n });
  return top === null || first === null || second === null ? null : top / (first * second);
};

const rounded = (value: Rational, up: boolean): Rational => {
  const quotient = value.numerator / value.denominator;
  const exact = quotient * value.denominator === value.numerator;
  const floor = exact || value.numerator >= 0n ? quotient : quotient - 1n;
  return { numerator: up && !exact ? floor + 1n : floor, denominator: 1n };
};

/** Folds field operations, powers with whole exponents, factorials and rounding; null for anything else. */
export const exactValue = (expression: Expression): Rational | null => {
  if (expression.kind === "number") return expression.value;
  if (expression.kind === "symbol") return null;
  const values: Rational[] = [];
  for (const operand of expression.operands) {
    const value = exactValue(operand);
    if (value === null) return null;
    values.push(value);
  }
  const [first, second] = values;
  if (first === undefined) return null;
  const fold = (combine: (a: Rational, b: Rational) => Rational | null): Rational | null =>
    values
      .slice(1)
      .reduce<Rational | null>((sum, value) => (sum === null ? null : combine(sum, value)), first);
  if (expression.head === "Add") return fold(add);
  if (expression.head === "Multiply") return fold(multiply);
  if (expression.head === "Abs")
    return first.numerator < 0n ? { numerator: -first.numerator, denominator: first.denominator } : first;
  if (expression.head === "Floor" || expression.head === "Ceil")
    return rounded(first, expression.head === "Ceil");
  if (expression.head === "Factorial") {
    const product = exactFactorial(first);
    return product === null ? null : makeRational(product);
  }
  if (second === undefined) return null;
  if (expression.head === "Divide") return divide(first, second);
  if (expression.head === "Power") return isInteger(second) ? power(first, second.numerator) : null;
  if (expression.head === "Binomial") {
    const count = exactBinomial(first, second);
    return count === null ? null : makeRational(count);
  }
  return null;
};
