/** The small expression tree that comparison works on: numbers, symbols and calls, nothing evaluated. */

import { formatRational, fromInteger, type Rational } from "./rational.ts";

export type Expression =
  | { readonly kind: "number"; readonly value: Rational }
  | { readonly kind: "symbol"; readonly name: string }
  | { readonly kind: "call"; readonly head: string; readonly operands: readonly Expression[] };

/** The constants; every other symbol is a variable. */
export const CONSTANTS: ReadonlySet<string> = new Set([
  "Pi",
  "e",
  "i",
  "Infinity",
  "EmptySet",
  "RealNumbers",
]);

export const number = (value: Rational): Expression => ({ kind: "number", value });
export const integer = (value: number): Expression => number(fromInteger(value));
export const symbol = (name: string): Expression => ({ kind: "symbol", name });
export const call = (head: string, ...operands: readonly Expression[]): Expression => ({
  kind: "call",
  head,
  operands,
});

export const negated = (expression: Expression): Expression =>
  expression.kind === "number"
    ? number({ numerator: -expression.value.numerator, denominator: expression.value.denominator })
    : call("Multiply", integer(-1), expression);

export const difference = (left: Expression, right: Expression): Expression =>
  call("Add", left, negated(right));

/** The names of the variables, sorted. */
export const variables = (expression: Expression, found: Set<string> = new Set()): string[] => {
  if (expression.kind === "symbol" && !CONSTANTS.has(expression.name)) found.add(expression.name);
  if (expression.kind === "call") for (const operand of expression.operands) variables(operand, found);
  return [...found].sort();
};

export const mentions = (expression: Expression, name: string): boolean =>
  expression.kind === "symbol"
    ? expression.name === name
    : expression.kind === "call" && expression.operands.some((operand) => mentions(operand, name));

/** A text equal for equal trees up to the order of sums and products. */
export const structuralKey = (expression: Expression): string => {
  if (expression.kind === "number") return formatRational(expression.value);
  if (expression.kind === "symbol") return expression.name;
  const keys = expression.operands.map(structuralKey);
  if (expression.head === "Add" || expression.head === "Multiply") keys.sort();
  return `${expression.head}(${keys.join(",")})`;
};
