/** Sixty-digit evaluation through Compute Engine: tells √51 from its first sixteen digits. */

import type { MathJsonExpression } from "@cortex-js/compute-engine";
import type { Expression } from "./expression.ts";
import { sharedEngine } from "./read-expression.ts";

const toMathJson = (
  expression: Expression,
  values: ReadonlyMap<string, number>,
): MathJsonExpression | null => {
  if (expression.kind === "number")
    return [
      "Divide",
      { num: expression.value.numerator.toString() },
      { num: expression.value.denominator.toString() },
    ];
  if (expression.kind === "symbol") {
    const value = values.get(expression.name);
    if (value !== undefined) return value;
    if (expression.name === "e") return "ExponentialE";
    if (expression.name === "i") return "ImaginaryUnit";
    return expression.name === "Pi" ? "Pi" : null;
  }
  if (expression.head.includes(":") || expression.head === "Text") return null;
  const operands: MathJsonExpression[] = [];
  for (const operand of expression.operands) {
    const json = toMathJson(operand, values);
    if (json === null) return null;
    operands.push(json);
  }
  return [expression.head, ...operands];
};

/**
 * Whether both sides differ by no more than the threshold at the point; null when that cannot be told. The caller has already
 * evaluated both in doubles, finite and with bounded exponents, so that nothing here can grow without bound.
 */
export const agreePrecisely = (
  left: Expression,
  right: Expression,
  values: ReadonlyMap<string, number>,
  threshold: number,
): boolean | null => {
  const [first, second] = [toMathJson(left, values), toMathJson(right, values)];
  if (first === null || second === null) return null;
  const difference = sharedEngine().box(["Subtract", first, second]).N();
  const { re, im } = difference;
  if (!Number.isFinite(re) || !Number.isFinite(im)) return null;
  return Math.hypot(re, im) <= threshold;
};
