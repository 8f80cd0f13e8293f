/** Solves what an inequality bounds for its variable: `2x - 1 < 5` and `|x - 3| \le b` speak of x. */

import { compareExpressions, realValue } from "./compare-expressions.ts";
import { call, difference, type Expression, integer, symbol, variables } from "./expression.ts";
import { DEFAULT_OPTIONS } from "./options.ts";

/** `slope · variable + offset`, the slope a non-zero real. */
export interface Linear {
  readonly variable: string;
  readonly slope: Expression;
  readonly offset: Expression;
  readonly rising: boolean;
}

const substitute = (expression: Expression, name: string, value: Expression): Expression => {
  if (expression.kind === "symbol") return expression.name === name ? value : expression;
  return expression.kind === "call"
    ? call(expression.head, ...expression.operands.map((operand) => substitute(operand, name, value)))
    : expression;
};

/** The expression as a linear function of its one variable; null when it is not one. */
export const asLinear = (expression: Expression): Linear | null => {
  const [variable, ...others] = variables(expression);
  if (variable === undefined || others.length > 0) return null;
  if (expression.kind === "symbol") return { variable, slope: integer(1), offset: integer(0), rising: true };
  const offset = substitute(expression, variable, integer(0));
  const slope = difference(substitute(expression, variable, integer(1)), offset);
  const steepness = realValue(slope);
  if (steepness === null || !Number.isFinite(steepness) || steepness === 0) return null;
  const line = call("Add", call("Multiply", slope, symbol(variable)), offset);
  if (!compareExpressions(expression, line, DEFAULT_OPTIONS).equal) return null;
  return { variable, slope, offset, rising: steepness > 0 };
};

/** Where the linear function takes the value. */
export const solveFor = (linear: Linear, value: Expression): Expression =>
  call("Divide", difference(value, linear.offset), linear.slope);
