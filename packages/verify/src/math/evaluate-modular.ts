/**
 * Evaluates an expression in a finite field, exactly: an identity test for rational functions over numbers,
 * radicals, i, π and e.
 *
 * A ring homomorphism sends every variable (and π and e, which obey no known relation) to a pseudo-random residue
 * of a 126-bit prime p and √q to a fixed square root of q. Values that differ there differ in truth; different
 * rational functions agree by chance with probability ~ degree/p (Schwartz 1980, Zippel 1979). p ≡ 1 modulo
 * 8·3·5·…·97, so that -1 and every prime below 100 have square roots.
 */

import { exactValue } from "./exact-value.ts";
import type { Expression } from "./expression.ts";
import { isInteger, type Rational } from "./rational.ts";

const PRIME = 46111359278910368495062042946635121401n;
/** p - 1 = 2^3 · ODD_PART. */
const ODD_PART = (PRIME - 1n) / 8n;
const LARGEST_TRIAL_DIVISOR = 50_000n;
const LARGEST_FACTORIAL = 20_000n;
const LARGEST_CHOICE = 1_000n;
const MAXIMUM_EXPONENT_BITS = 40_000;

const reduce = (value: bigint): bigint => {
  const residue = value % PRIME;
  return residue < 0n ? residue + PRIME : residue;
};

const powerModulo = (base: bigint, exponent: bigint): bigint => {
  let [result, square, remaining] = [1n, reduce(base), exponent];
  while (remaining > 0n) {
    if (remaining & 1n) result = (result * square) % PRIME;
    square = (square * square) % PRIME;
    remaining >>= 1n;
  }
  return result;
};

const inverse = (value: bigint): bigint | null => (value === 0n ? null : powerModulo(value, PRIME - 2n));

const isSquare = (value: bigint): boolean => value === 0n || powerModulo(value, (PRIME - 1n) / 2n) === 1n;

let nonResiduePower: bigint | null = null;

/** A generator of the 8-element subgroup, for Tonelli and Shanks. */
const eighthRoot = (): bigint => {
  if (nonResiduePower === null) {
    let candidate = 101n;
    while (isSquare(candidate)) candidate += 1n;
    nonResiduePower = powerModulo(candidate, ODD_PART);
  }
  return nonResiduePower;
};

/** Tonelli and Shanks's square root modulo p of a value that has one. */
const squareRootModulo = (value: bigint): bigint => {
  if (value === 0n) return 0n;
  let order = 3;
  let generator = eighthRoot();
  let root = powerModulo(value, (ODD_PART + 1n) / 2n);
  let rest = powerModulo(value, ODD_PART);
  while (rest !== 1n) {
    let exponent = 0;
    for (let square = rest; square !== 1n; square = (square * square) % PRIME) exponent += 1;
    let factor = generator;
    for (let index = 0; index < order - exponent - 1; index += 1) factor = (factor * factor) % PRIME;
    order = exponent;
    generator = (factor * factor) % PRIME;
    rest = (rest * generator) % PRIME;
    root = (root * factor) % PRIME;
  }
  return root;
};

const rootsOfPrimes = new Map<bigint, bigint | null>();

/** The fixed square root of a prime (or of -1); null where p has none. */
const rootOfPrime = (prime: bigint): bigint | null => {
  const known = rootsOfPrimes.get(prime);
  if (known !== undefined) return known;
  const residue = reduce(prime);
  const root = isSquare(residue) ? squareRootModulo(residue) : null;
  if (rootsOfPrimes.size < 4_096) rootsOfPrimes.set(prime, root);
  return root;
};

/** √n multiplicatively over its prime factors, so that √12 = 2√3 holds; null when n does not factor quickly. */
const rootOfInteger = (value: bigint): bigint | null => {
  let result = 1n;
  let rest = value < 0n ? -value : value;
  if (rest >= 1n << 256n) return null;
  const takePrime = (prime: bigint): boolean => {
    const root = rootOfPrime(prime);
    if (root === null) return false;
    result = (result * root) % PRIME;
    return true;
  };
  if (value < 0n && !takePrime(-1n)) return null;
  for (let divisor = 2n; divisor * divisor <= rest && divisor < LARGEST_TRIAL_DIVISOR; divisor += 1n) {
    while (rest % (divisor * divisor) === 0n) {
      rest /= divisor * divisor;
      result = (result * divisor) % PRIME;
    }
    if (rest % divisor === 0n) {
      if (!takePrime(divisor)) return null;
      rest /= divisor;
    }
  }
  // What is left over is a prime when it is below the square of the last divisor tried.
  if (rest >= LARGEST_TRIAL_DIVISOR * LARGEST_TRIAL_DIVISOR) return null;
  return rest === 1n || takePrime(rest) ? result : null;
};

const rootOfRational = (value: Rational): bigint | null => {
  if (value.numerator === 0n) return 0n;
  const top = rootOfInteger(value.numerator * value.denominator);
  const bottom = inverse(reduce(value.denominator));
  return top === null || bottom === null ? null : (top * bottom) % PRIME;
};

const hashed = (text: string): bigint => {
  let hash = 1469598103934665603n;
  for (const character of text) {
    hash ^= BigInt(character.codePointAt(0) ?? 0);
    hash = (hash * 309485009821345068724781371n) & ((1n << 128n) - 1n);
  }
  return powerModulo(hash, 65_537n);
};

/** `exact` turns false once a function had to be treated as an unknown of its argument. */
export interface ModularEvaluation {
  readonly point: number;
  exact: boolean;
}

const unknown = (head: string, operands: readonly bigint[], state: ModularEvaluation): bigint => {
  state.exact = false;
  return hashed(`${head}(${operands.join(",")})@${state.point}`);
};

const evaluatePower = (base: Expression, exponent: Expression, state: ModularEvaluation): bigint | null => {
  const count = exactValue(exponent);
  if (count !== null && isInteger(count)) {
    if (count.numerator.toString(16).length * 4 > MAXIMUM_EXPONENT_BITS) return null;
    const value = evaluateModular(base, state);
    if (value === null) return null;
    if (value === 0n && count.numerator <= 0n) return null;
    const size = count.numerator < 0n ? -count.numerator : count.numerator;
    const raised = powerModulo(value, size % (PRIME - 1n));
    return count.numerator < 0n ? inverse(raised) : raised;
  }
  const literal = exactValue(base);
  if (count !== null && literal !== null && count.denominator === 2n && literal.numerator > 0n) {
    const root = rootOfRational(literal);
    if (root !== null) {
      const size = count.numerator < 0n ? -count.numerator : count.numerator;
      const raised = powerModulo(root, size % (PRIME - 1n));
      return count.numerator < 0n ? inverse(raised) : raised;
    }
  }
  const [first, second] = [evaluateModular(base, state), evaluateModular(exponent, state)];
  return first === null || second === null ? null : unknown("Power", [first, second], state);
};

const fold = (
  operands: readonly Expression[],
  state: ModularEvaluation,
  start: bigint,
  combine: (a: bigint, b: bigint) => bigint,
): bigint | null => {
  let result = start;
  for (const operand of operands) {
    const value = evaluateModular(operand, state);
    if (value === null) return null;
    result = combine(result, value) % PRIME;
  }
  return result;
};

const productModulo = (from: bigint, to: bigint): bigint => {
  let product = 1n;
  for (let factor = from; factor <= to; factor += 1n) product = (product * factor) % PRIME;
  return product;
};

/** `n` over `k` as the polynomial n(n-1)…(n-k+1)/k!. */
const fallingOver = (n: bigint | null, k: bigint): bigint | null => {
  const bottom = inverse(productModulo(1n, k));
  if (n === null || bottom === null) return null;
  let product = bottom;
  for (let index = 0n; index < k; index += 1n) product = (product * reduce(n - index)) % PRIME;
  return product;
};

const evaluateCall = (
  head: string,
  operands: readonly Expression[],
  state: ModularEvaluation,
): bigint | null => {
  const [first, second] = operands;
  if (first === undefined) return null;
  if (head === "Add") return fold(operands, state, 0n, (a, b) => a + b);
  if (head === "Multiply") return fold(operands, state, 1n, (a, b) => a * b);
  if (head === "Power" && second !== undefined) return evaluatePower(first, second, state);
  if (head === "Divide" && second !== undefined) {
    const [top, bottom] = [evaluateModular(first, state), evaluateModular(second, state)];
    const reciprocal = bottom === null ? null : inverse(bottom);
    return top === null || reciprocal === null ? null : (top * reciprocal) % PRIME;
  }
  if (head === "Sqrt") {
    const radicand = exactValue(first);
    const root = radicand === null ? null : rootOfRational(radicand);
    if (root !== null) return root;
  }
  if (head === "Factorial") {
    const count = exactValue(first);
    if (count !== null && isInteger(count) && count.numerator >= 0n && count.numerator <= LARGEST_FACTORIAL)
      return productModulo(1n, count.numerator);
  }
  if (head === "Binomial" && second !== undefined) {
    const count = exactValue(second);
    if (count !== null && isInteger(count) && count.numerator >= 0n && count.numerator <= LARGEST_CHOICE)
      return fallingOver(evaluateModular(first, state), count.numerator);
  }
  if (head === "Degrees") {
    const [angle, pi] = [evaluateModular(first, state), hashed(`Pi@${state.point}`)];
    const share = inverse(180n);
    return angle === null || share === null ? null : (((angle * pi) % PRIME) * share) % PRIME;
  }
  const folded = exactValue({ kind: "call", head, operands });
  if (folded !== null) return evaluateModular({ kind: "number", value: folded }, state);
  const values: bigint[] = [];
  for (const operand of operands) {
    const value = evaluateModular(operand, state);
    if (value === null) return null;
    values.push(value);
  }
  return unknown(head, values, state);
};

/** The residue of the expression at the numbered point; null where undefined or too large. */
export const evaluateModular = (expression: Expression, state: ModularEvaluation): bigint | null => {
  if (expression.kind === "number") {
    const bottom = inverse(reduce(expression.value.denominator));
    return bottom === null ? null : (reduce(expression.value.numerator) * bottom) % PRIME;
  }
  if (expression.kind === "call") return evaluateCall(expression.head, expression.operands, state);
  if (expression.name === "i") return rootOfPrime(-1n);
  if (expression.name === "Infinity") return null;
  return hashed(`${expression.name}@${state.point}`);
};

/** "equal" and "different" are proofs (up to chance ~ 2^-120); "unknown" says nothing. */
export const compareModular = (left: Expression, right: Expression): "equal" | "different" | "unknown" => {
  const state: ModularEvaluation = { point: 1, exact: true };
  const [first, second] = [evaluateModular(left, state), evaluateModular(right, state)];
  if (first === null || second === null) return "unknown";
  if (first === second) return "equal";
  return state.exact ? "different" : "unknown";
};
