/**
 * Evaluates an expression in complex doubles at a point, with a running bound of its rounding error: the quick look
 * that tells most answers apart. The bound follows the first-order rules of error propagation (Higham, Accuracy and
 * Stability of Numerical Algorithms, section 3.3).
 */

import {
  addComplex,
  type Complex,
  complex,
  divideComplex,
  exponential,
  integerPower,
  logarithm,
  magnitude,
  multiplyComplex,
  squareRoot,
  subtractComplex,
} from "./complex.ts";
import { binomial, FUNCTIONS, unknownFunction } from "./complex-functions.ts";
import { CONSTANTS, type Expression } from "./expression.ts";
import { isInteger, type Rational, toDouble } from "./rational.ts";

/** Where an evaluation happens; `leftReals` is set when a root or logarithm of a negative was taken. */
export interface Evaluation {
  readonly values: ReadonlyMap<string, number>;
  leftReals: boolean;
}

/** A value and how far from the truth rounding may have left it. */
export interface Approximation {
  readonly value: Complex;
  readonly error: number;
}

const EPSILON = 4 * Number.EPSILON;
const MAXIMUM_INTEGER_EXPONENT = 1_000_000;

const approximate = (value: Complex, carried = 0): Approximation => ({
  value,
  error: carried + EPSILON * magnitude(value),
});

const UNDEFINED = approximate(complex(Number.NaN));

const add = (a: Approximation, b: Approximation): Approximation =>
  approximate(addComplex(a.value, b.value), a.error + b.error);

const multiply = (a: Approximation, b: Approximation): Approximation =>
  approximate(
    multiplyComplex(a.value, b.value),
    magnitude(a.value) * b.error + magnitude(b.value) * a.error + a.error * b.error,
  );

const divide = (a: Approximation, b: Approximation): Approximation => {
  const value = divideComplex(a.value, b.value);
  return approximate(value, (a.error + magnitude(value) * b.error) / magnitude(b.value));
};

/** A function of one argument; its error is how much it moves when the argument moves by its own. */
const applyFunction = (apply: (x: Complex) => Complex, x: Approximation): Approximation => {
  const value = apply(x.value);
  const moved = apply({ re: x.value.re + x.error, im: x.value.im });
  const change = magnitude(subtractComplex(moved, value));
  return approximate(value, Number.isFinite(change) ? 2 * change : x.error);
};

/** The real n-th root of a negative for odd n, as schools have it; else the principal one. */
const rootValue = (x: Complex, degree: number, state: Evaluation): Complex => {
  const negative = x.im === 0 && x.re < 0;
  if (negative && degree % 2 !== 0) return complex(-((-x.re) ** (1 / degree)));
  if (negative) state.leftReals = true;
  if (degree === 2) return squareRoot(x);
  if (x.im === 0)
    return negative
      ? exponential(divideComplex(logarithm(x), complex(degree)))
      : complex(x.re ** (1 / degree));
  return exponential(divideComplex(logarithm(x), complex(degree)));
};

const root = (x: Approximation, degree: number, state: Evaluation): Approximation => {
  if (!Number.isInteger(degree) || degree === 0 || Math.abs(degree) > 10_000) return UNDEFINED;
  const value = rootValue(x.value, degree, state);
  const size = magnitude(x.value);
  // Near zero a root moves by the root of the error itself.
  const carried =
    x.error < size / 2
      ? (magnitude(value) * x.error) / (size * Math.abs(degree))
      : x.error ** (1 / Math.abs(degree));
  return approximate(value, size === 0 && x.error === 0 ? 0 : carried);
};

const raiseInteger = (base: Approximation, exponent: number): Approximation => {
  const value = integerPower(base.value, exponent);
  const size = magnitude(base.value);
  const relative = size === 0 ? 0 : base.error / size;
  return approximate(value, magnitude(value) * Math.abs(exponent) * (relative + EPSILON));
};

const raise = (
  base: Approximation,
  exponent: Approximation,
  literal: Rational | null,
  state: Evaluation,
): Approximation => {
  const { re, im } = base.value;
  const whole = exponent.value.im === 0 && Number.isInteger(exponent.value.re);
  if (whole && Math.abs(exponent.value.re) <= MAXIMUM_INTEGER_EXPONENT)
    return raiseInteger(base, exponent.value.re);
  if (literal !== null && !isInteger(literal) && literal.denominator < 10_000n && im === 0)
    return raiseInteger(root(base, Number(literal.denominator), state), Number(literal.numerator));
  if (re === 0 && im === 0) return exponent.value.re > 0 ? approximate(complex(0), base.error) : UNDEFINED;
  if (im === 0 && re < 0) state.leftReals = true;
  const scaled = multiply(exponent, approximate(logarithm(base.value), base.error / magnitude(base.value)));
  return applyFunction(exponential, scaled);
};

const logarithmOf = (x: Approximation, state: Evaluation): Approximation => {
  if (x.value.im === 0 && x.value.re < 0) state.leftReals = true;
  return approximate(logarithm(x.value), x.error / magnitude(x.value));
};

const CONSTANT_VALUES: Readonly<Record<string, Complex>> = {
  Pi: complex(Math.PI),
  e: complex(Math.E),
  i: complex(0, 1),
  Infinity: complex(Number.POSITIVE_INFINITY),
};

const evaluateCall = (
  head: string,
  operands: readonly Expression[],
  state: Evaluation,
): Approximation | null => {
  const values: Approximation[] = [];
  for (const operand of operands) {
    const value = evaluateComplex(operand, state);
    if (value === null) return null;
    values.push(value);
  }
  const [first, second] = values;
  if (first === undefined) return null;
  if (head === "Add") return values.reduce(add);
  if (head === "Multiply") return values.reduce(multiply);
  const known = FUNCTIONS[head];
  if (known !== undefined) return applyFunction(known, first);
  if (head === "Sqrt") return root(first, 2, state);
  if (head === "Ln") return logarithmOf(first, state);
  if (head.startsWith("Function:")) return applyFunction((x) => unknownFunction(head, x), first);
  if (second === undefined) return null;
  if (head === "Divide") return divide(first, second);
  const literal = operands[1]?.kind === "number" ? operands[1].value : null;
  if (head === "Power") return raise(first, second, literal, state);
  if (head === "Root") return root(first, second.value.im === 0 ? second.value.re : Number.NaN, state);
  if (head === "Binomial") return approximate(binomial(first.value, second.value));
  if (head === "Log") return divide(logarithmOf(first, state), logarithmOf(second, state));
  return null;
};

/** The value at the point; NaN where undefined; null when something in the tree has no numeric meaning. */
export const evaluateComplex = (expression: Expression, state: Evaluation): Approximation | null => {
  if (expression.kind === "number") return approximate(complex(toDouble(expression.value)));
  if (expression.kind === "call") return evaluateCall(expression.head, expression.operands, state);
  if (CONSTANTS.has(expression.name)) {
    const constant = CONSTANT_VALUES[expression.name];
    return constant === undefined ? null : approximate(constant);
  }
  const given = state.values.get(expression.name);
  return given === undefined ? null : { value: complex(given), error: 0 };
};
