/** Reads one algebraic expression: Compute Engine parses the LaTeX, guards bound it, nothing is evaluated. */

import { ComputeEngine, type MathJsonExpression } from "@cortex-js/compute-engine";
import { nestingDepth } from "./balanced.ts";
import { call, type Expression, integer, negated, number, symbol } from "./expression.ts";
import {
  compare,
  divide,
  fromInteger,
  isInteger,
  multiply,
  parseDecimal,
  power,
  type Rational,
} from "./rational.ts";

const MAXIMUM_LENGTH = 1_000;
const MAXIMUM_DEPTH = 40;
const MAXIMUM_NODES = 600;
const MAXIMUM_TREE_DEPTH = 120;
const PRECISE_DIGITS = 60;

let engine: ComputeEngine | null = null;

/** The one engine of this thread, made on first use: construction and first parse take ~100 ms. */
export const sharedEngine = (): ComputeEngine => {
  if (engine === null) {
    engine = new ComputeEngine();
    engine.precision = PRECISE_DIGITS;
  }
  return engine;
};

/** Letters that name functions when a parenthesis follows; after any other letter it is a product. */
const FUNCTION_LETTERS = new Set(["f", "g", "h", "F", "G", "H", "P"]);

const RENAMED_SYMBOLS: Readonly<Record<string, string>> = {
  ExponentialE: "e",
  ImaginaryUnit: "i",
  PositiveInfinity: "Infinity",
};

/** Heads kept as calls and understood by the evaluators, with the number of operands each takes. */
const KNOWN_ARITY: Readonly<Record<string, number>> = {
  Sqrt: 1,
  Root: 2,
  Abs: 1,
  Factorial: 1,
  Binomial: 2,
  Degrees: 1,
  Floor: 1,
  Ceil: 1,
  Exp: 1,
  Ln: 1,
  Sin: 1,
  Cos: 1,
  Tan: 1,
  Cot: 1,
  Sec: 1,
  Csc: 1,
  Arcsin: 1,
  Arccos: 1,
  Arctan: 1,
  Sinh: 1,
  Cosh: 1,
  Tanh: 1,
  Conjugate: 1,
};

/** A subtree that could not be read, by exception inside this file only. */
class Unreadable extends Error {}

const readDecimal = (text: string): Rational => {
  const match = /^([+-]?[\d.]+)(?:[eE]([+-]?\d+))?$/.exec(text);
  const mantissa = match === null ? null : parseDecimal(match[1] ?? "");
  if (mantissa === null || text.length > MAXIMUM_LENGTH) throw new Unreadable();
  const scale = power(fromInteger(10), BigInt(match?.[2] ?? "0"));
  const value = scale === null ? null : multiply(mantissa, scale);
  if (value === null) throw new Unreadable();
  return value;
};

const readSymbol = (name: string): Expression => {
  if (name.startsWith("'")) return call("Text", symbol(name));
  return symbol(RENAMED_SYMBOLS[name] ?? name.replace(/_(?:upright|bold|italic)$/, ""));
};

interface Budget {
  nodes: number;
}

const convert = (json: MathJsonExpression, budget: Budget, depth: number): Expression => {
  budget.nodes -= 1;
  if (budget.nodes < 0 || depth > MAXIMUM_TREE_DEPTH) throw new Unreadable();
  if (typeof json === "number") return number(readDecimal(String(json)));
  if (typeof json === "string") return /^[+-]?\d/.test(json) ? number(readDecimal(json)) : readSymbol(json);
  if (Array.isArray(json)) {
    const [head, ...operands] = json as readonly [string, ...MathJsonExpression[]];
    return convertCall(head, operands, budget, depth + 1);
  }
  const object = json as {
    num?: string;
    sym?: string;
    str?: string;
    fn?: readonly [string, ...MathJsonExpression[]];
  };
  if (object.num !== undefined) return number(readDecimal(object.num));
  if (object.sym !== undefined) return readSymbol(object.sym);
  if (object.str !== undefined) return call("Text", symbol(object.str));
  if (object.fn !== undefined)
    return convertCall(object.fn[0], object.fn.slice(1) as MathJsonExpression[], budget, depth + 1);
  throw new Unreadable();
};

const convertCall = (
  head: string,
  json: readonly MathJsonExpression[],
  budget: Budget,
  depth: number,
): Expression => {
  if (head === "Error" || head === "Sequence" || head === "Nothing" || head === "Tuple")
    throw new Unreadable();
  const operands = json.map((operand) => convert(operand, budget, depth));
  const [first, second] = operands;
  if (head === "InvisibleOperator") return juxtaposed(json, operands);
  if (first === undefined) throw new Unreadable();
  if (head === "Delimiter") {
    if (json.length !== 1) throw new Unreadable();
    return first;
  }
  if (head === "Add" || head === "Multiply") return call(head, ...operands);
  if (head === "Negate") return negated(first);
  if (head === "Subtract" && second !== undefined)
    return call("Add", first, ...operands.slice(1).map(negated));
  if ((head === "Divide" || head === "Rational") && second !== undefined) return quotient(first, second);
  if (head === "Power" && second !== undefined) return call("Power", first, second);
  if (head === "Lb") return call("Log", first, integer(2));
  if (head === "Log") return call("Log", first, second ?? integer(10));
  if (head === "Apply" && second !== undefined) return inverseFunction(first, second);
  if (KNOWN_ARITY[head] === operands.length) return call(head, ...operands);
  // `N(N+1)` is a product; `P(A)` and `f(x)` are unknown functions, told apart only by name and argument.
  if (/^[A-Za-z]$/.test(head) && operands.length === 1)
    return FUNCTION_LETTERS.has(head)
      ? call(`Function:${head}`, first)
      : call("Multiply", symbol(head), first);
  return call(`Opaque:${head}`, ...operands);
};

const quotient = (top: Expression, bottom: Expression): Expression => {
  if (top.kind === "number" && bottom.kind === "number") {
    const value = divide(top.value, bottom.value);
    if (value !== null) return number(value);
  }
  return call("Divide", top, bottom);
};

const INVERSES: Readonly<Record<string, string>> = { Sin: "Arcsin", Cos: "Arccos", Tan: "Arctan" };

/** `\sin^{-1} x`, which arrives as `Apply(InverseFunction(Sin), x)`. */
const inverseFunction = (applied: Expression, argument: Expression): Expression => {
  if (applied.kind === "call" && applied.head === "Opaque:InverseFunction") {
    const [inner] = applied.operands;
    const name = inner?.kind === "symbol" ? INVERSES[inner.name] : undefined;
    if (name !== undefined) return call(name, argument);
  }
  return call("Opaque:Apply", applied, argument);
};

const isHead = (json: MathJsonExpression | undefined, head: string): boolean =>
  Array.isArray(json) && json[0] === head;

/** A whole number and a proper fraction side by side: `1\frac{4}{5}` is 9/5. */
const isMixedNumber = (
  json: readonly MathJsonExpression[],
  index: number,
  operands: readonly Expression[],
): boolean => {
  const [whole, part] = [operands[index], operands[index + 1]];
  return (
    isHead(json[index + 1], "Divide") &&
    typeof json[index] === "number" &&
    whole?.kind === "number" &&
    part?.kind === "number" &&
    isInteger(whole.value) &&
    whole.value.numerator > 0n &&
    part.value.numerator > 0n &&
    compare(part.value, fromInteger(1)) < 0
  );
};

/** Factors written side by side, with mixed numbers and `f(x)` recognised. */
const juxtaposed = (json: readonly MathJsonExpression[], operands: readonly Expression[]): Expression => {
  const factors: Expression[] = [];
  for (let index = 0; index < operands.length; index += 1) {
    const [operand, next] = [operands[index], operands[index + 1]];
    if (operand === undefined) continue;
    if (next !== undefined && isMixedNumber(json, index, operands)) {
      factors.push(call("Add", operand, next));
      index += 1;
    } else if (
      next !== undefined &&
      operand.kind === "number" &&
      next.kind === "number" &&
      typeof json[index + 1] === "number"
    ) {
      throw new Unreadable();
    } else if (
      operand.kind === "symbol" &&
      FUNCTION_LETTERS.has(operand.name) &&
      next !== undefined &&
      isHead(json[index + 1], "Delimiter")
    ) {
      factors.push(call(`Function:${operand.name}`, next));
      index += 1;
    } else factors.push(operand);
  }
  const [only] = factors;
  return factors.length === 1 && only !== undefined ? only : call("Multiply", ...factors);
};

/** Two numbers with only a space between them are no number; Compute Engine would join their digits. */
const JOINED_DIGITS = /\d [\d.]/;

/**
 * The expression that normalised LaTeX spells, else null. Bounded in length, nesting and nodes; nothing is
 * evaluated, so `9^{9^{9^9}}` is a tree of four numbers.
 */
export const readExpression = (latex: string): Expression | null => {
  if (latex === "" || latex.length > MAXIMUM_LENGTH || JOINED_DIGITS.test(latex)) return null;
  if (nestingDepth(latex) > MAXIMUM_DEPTH) return null;
  const repeating = latex.replace(/(\d)\.(\d*)\\dot *\{?(\d)\}?/g, "$1.$2\\overline{$3}");
  try {
    const parsed = sharedEngine().parse(repeating, { form: "raw" }).json;
    return convert(parsed, { nodes: MAXIMUM_NODES }, 0);
  } catch (error) {
    if (error instanceof Unreadable || error instanceof RangeError) return null;
    throw error;
  }
};
