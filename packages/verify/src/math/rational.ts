/** Exact rationals on BigInt: the arithmetic most answers are settled with, in microseconds. */

/** `numerator / denominator` in lowest terms, the denominator positive. */
export interface Rational {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/** Results with more bits than this are refused, so that no chain of operations grows without bound. */
const MAXIMUM_BITS = 40_000;
const MAXIMUM_EXPONENT = 4_096n;

const magnitude = (value: bigint): bigint => (value < 0n ? -value : value);

/** Bits of a BigInt, by its hexadecimal length: linear, unlike decimal conversion. */
const bitLength = (value: bigint): number => magnitude(value).toString(16).length * 4;

const greatestCommonDivisor = (first: bigint, second: bigint): bigint => {
  let [a, b] = [magnitude(first), magnitude(second)];
  while (b !== 0n) [a, b] = [b, a % b];
  return a;
};

/** The rational in lowest terms; null when the denominator is zero. */
export const makeRational = (numerator: bigint, denominator = 1n): Rational | null => {
  if (denominator === 0n) return null;
  if (denominator === 1n) return { numerator, denominator };
  const sign = denominator < 0n ? -1n : 1n;
  const divisor = greatestCommonDivisor(numerator, denominator) * sign;
  return { numerator: numerator / divisor, denominator: denominator / divisor };
};

export const fromInteger = (value: bigint | number): Rational => ({
  numerator: BigInt(value),
  denominator: 1n,
});

const bounded = (value: Rational | null): Rational | null =>
  value === null || bitLength(value.numerator) + bitLength(value.denominator) > MAXIMUM_BITS ? null : value;

export const add = (a: Rational, b: Rational): Rational | null =>
  bounded(
    makeRational(a.numerator * b.denominator + b.numerator * a.denominator, a.denominator * b.denominator),
  );

export const negate = (a: Rational): Rational => ({ numerator: -a.numerator, denominator: a.denominator });

export const multiply = (a: Rational, b: Rational): Rational | null =>
  bounded(makeRational(a.numerator * b.numerator, a.denominator * b.denominator));

/** `a / b`; null when b is zero. */
export const divide = (a: Rational, b: Rational): Rational | null =>
  bounded(makeRational(a.numerator * b.denominator, a.denominator * b.numerator));

/** `base ** exponent` for an integer exponent; null when it is undefined or too large to write down. */
export const power = (base: Rational, exponent: bigint): Rational | null => {
  if (magnitude(exponent) > MAXIMUM_EXPONENT) return null;
  const bits = Math.max(bitLength(base.numerator), bitLength(base.denominator));
  if (bits * Number(magnitude(exponent)) > MAXIMUM_BITS) return null;
  const count = magnitude(exponent);
  return exponent >= 0n
    ? makeRational(base.numerator ** count, base.denominator ** count)
    : makeRational(base.denominator ** count, base.numerator ** count);
};

/** Sign of `a - b`. */
export const compare = (a: Rational, b: Rational): number => {
  const difference = a.numerator * b.denominator - b.numerator * a.denominator;
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
};

export const equals = (a: Rational, b: Rational): boolean =>
  a.numerator === b.numerator && a.denominator === b.denominator;

export const isInteger = (a: Rational): boolean => a.denominator === 1n;

/** The nearest double, right also where numerator and denominator overflow one. */
export const toDouble = (a: Rational): number => {
  const direct = Number(a.numerator) / Number(a.denominator);
  if (Number.isFinite(direct) && direct !== 0) return direct;
  if (a.numerator === 0n) return 0;
  const shift = BigInt(bitLength(a.denominator) - bitLength(a.numerator) + 64);
  const scaled =
    shift >= 0n ? (a.numerator << shift) / a.denominator : a.numerator / (a.denominator << -shift);
  return Number(scaled) * 2 ** -Number(shift);
};

/** `12.50`, `-.5` or `7` exactly; null for anything else. The caller bounds the length. */
export const parseDecimal = (text: string): Rational | null => {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?$/.exec(text);
  if (match === null) return null;
  const whole = match[2] ?? "";
  const fraction = match[3] ?? "";
  if (whole === "" && fraction === "") return null;
  const value = makeRational(BigInt(whole + fraction), 10n ** BigInt(fraction.length));
  return value === null ? null : match[1] === "-" ? negate(value) : value;
};

/** `7/3`, or `7` for an integer. */
export const formatRational = (a: Rational): string =>
  isInteger(a) ? a.numerator.toString() : `${a.numerator}/${a.denominator}`;
