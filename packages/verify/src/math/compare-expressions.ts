/** Decides whether two expressions are the same value or function: exactly first, then by sampling. */

import { type Complex, isFiniteComplex, magnitude, subtractComplex } from "./complex.ts";
import { type Evaluation, evaluateComplex } from "./evaluate-complex.ts";
import { compareModular } from "./evaluate-modular.ts";
import { agreePrecisely } from "./evaluate-precise.ts";
import { exactValue } from "./exact-value.ts";
import { type Expression, structuralKey, variables } from "./expression.ts";
import type { ResolvedMathOptions } from "./options.ts";
import { equals, toDouble } from "./rational.ts";

export interface Comparison {
  readonly equal: boolean;
  readonly how: string;
}

const POINTS = 10;
const POSITIVE_POINTS = 6;
const NEEDED_POINTS = 3;
/** The propagated error is of first order; this covers what it leaves out. */
const SAFETY = 16;
/** At sixty digits errors are 44 orders smaller than in doubles; agreement to 20 orders is asked for. */
const PRECISION = 1e-20;
const SHARP = 1e-9;

/** A dyadic sample value, exact in a double, from the variable's name and the point's number. */
const sampleValue = (name: string, point: number): number => {
  let hash = 2166136261 ^ (point * 0x9e3779b1);
  for (const character of name) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 16777619);
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
  const unit = ((hash >>> 8) % 4_096) / 4_096 + 1 / 8_192;
  // Three points within (0, 1), where arcsines live; three larger ones; then both signs.
  if (point < 3) return unit;
  if (point < POSITIVE_POINTS) return 1 + 3 * unit;
  return (hash & 1) === 0 ? -(0.25 + 2 * unit) : point === 6 ? -(0.25 + unit) : 0.25 + 2 * unit;
};

/** Both sides at one point. */
interface Sample {
  readonly values: ReadonlyMap<string, number>;
  readonly left: Complex;
  readonly right: Complex;
  /** How far apart rounding alone may have put them. */
  readonly error: number;
  /** Both took a root or logarithm of a negative: the answers are meant where they are real. */
  readonly leftReals: boolean;
}

const sampleAt = (
  left: Expression,
  right: Expression,
  names: readonly string[],
  point: number,
): Sample | null => {
  const values = new Map(names.map((name) => [name, sampleValue(name, point)]));
  const first: Evaluation = { values, leftReals: false };
  const second: Evaluation = { values, leftReals: false };
  const [leftSide, rightSide] = [evaluateComplex(left, first), evaluateComplex(right, second)];
  if (leftSide === null || rightSide === null) return null;
  return {
    values,
    left: leftSide.value,
    right: rightSide.value,
    error: SAFETY * (leftSide.error + rightSide.error),
    leftReals: names.length > 0 && first.leftReals && second.leftReals,
  };
};

const bothFinite = ({ left, right }: Sample): boolean => isFiniteComplex(left) && isFiniteComplex(right);
const gap = ({ left, right }: Sample): number => magnitude(subtractComplex(left, right));
const size = ({ left, right }: Sample): number => Math.max(magnitude(left), magnitude(right));

const SAMPLING = "numeric sampling";
const unequal = (how: string): Comparison => ({ equal: false, how: `${SAMPLING}${how}` });

/** The agreeing samples, or the verdict that some point tells the sides apart. */
const collectSamples = (left: Expression, right: Expression): Sample[] | Comparison => {
  const names = variables(left, new Set(variables(right)));
  const outside: Sample[] = [];
  const agreed: Sample[] = [];
  const needed = names.length === 0 ? 1 : NEEDED_POINTS;
  for (let point = 0; point < (names.length === 0 ? 1 : POINTS); point += 1) {
    const sample = sampleAt(left, right, names, point);
    if (sample === null)
      return { equal: false, how: "different forms of an expression without a numeric meaning" };
    const [leftFinite, rightFinite] = [isFiniteComplex(sample.left), isFiniteComplex(sample.right)];
    if (!leftFinite && !rightFinite) continue;
    if (sample.leftReals) outside.push(sample);
    else if (leftFinite !== rightFinite) return unequal(": only one side is defined");
    else if (!(gap(sample) <= sample.error)) return unequal("");
    else agreed.push(sample);
  }
  if (agreed.length < needed)
    for (const sample of outside.filter(bothFinite)) {
      if (!(gap(sample) <= sample.error)) return unequal("");
      agreed.push(sample);
    }
  return agreed.length < needed ? unequal(": too few points where both sides are defined") : agreed;
};

/** The verdict of sampling in doubles, confirmed at sixty digits where that can be done. */
const compareBySampling = (left: Expression, right: Expression): Comparison => {
  const samples = collectSamples(left, right);
  if (!Array.isArray(samples)) return samples;
  const [witness] = samples;
  if (witness === undefined) return unequal("");
  const precise = agreePrecisely(left, right, witness.values, PRECISION * witness.error);
  if (precise === false) return { equal: false, how: "sixty-digit evaluation" };
  if (precise === true) return { equal: true, how: `${SAMPLING}, confirmed at sixty digits` };
  // Without that, rounding must have been small enough for agreement to mean something.
  const sharp = samples.every((sample) => sample.error <= SHARP * size(sample));
  return sharp ? { equal: true, how: SAMPLING } : unequal(": too inexact to decide");
};

/** Both sides rounded to the significant digits, or within the relative tolerance; null where neither is asked. */
const compareRounded = (gold: number, given: number, options: ResolvedMathOptions): Comparison | null => {
  const { significantDigits, relativeTolerance } = options;
  if (
    significantDigits !== null &&
    gold.toPrecision(significantDigits) === given.toPrecision(significantDigits)
  )
    return { equal: true, how: `equal to ${significantDigits} significant digits` };
  if (relativeTolerance > 0 && Math.abs(gold - given) <= relativeTolerance * Math.abs(gold))
    return { equal: true, how: `within a relative tolerance of ${relativeTolerance}` };
  return null;
};

/** The real value of an expression without variables; null otherwise. */
export const realValue = (expression: Expression): number | null => {
  if (expression.kind === "number") return toDouble(expression.value);
  const value = evaluateComplex(expression, { values: new Map(), leftReals: false })?.value ?? null;
  return value === null || value.im !== 0 || Number.isNaN(value.re) ? null : value.re;
};

/** Whether the given expression equals the gold, and what decided it. */
export const compareExpressions = (
  gold: Expression,
  given: Expression,
  options: ResolvedMathOptions,
): Comparison => {
  if (options.significantDigits !== null || options.relativeTolerance > 0) {
    const [first, second] = [realValue(gold), realValue(given)];
    const rounded = first === null || second === null ? null : compareRounded(first, second, options);
    if (rounded !== null) return rounded;
  }
  const [goldValue, givenValue] = [exactValue(gold), exactValue(given)];
  if (goldValue !== null && givenValue !== null)
    return { equal: equals(goldValue, givenValue), how: "exact rationals" };
  if (structuralKey(gold) === structuralKey(given)) return { equal: true, how: "same form" };
  const modular = compareModular(gold, given);
  if (modular !== "unknown")
    return { equal: modular === "equal", how: "exact identity test in a finite field" };
  return compareBySampling(gold, given);
};
