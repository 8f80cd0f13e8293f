/** The fast path: plain numbers, fractions and mixed numbers read exactly, in any common locale's spelling. */

import {
  add,
  divide,
  fromInteger,
  isInteger,
  multiply,
  negate,
  parseDecimal,
  power,
  type Rational,
} from "./rational.ts";

/** Digits a literal may have; longer ones are left to fail elsewhere. */
const MAXIMUM_DIGITS = 1_000;
const MAXIMUM_DECIMAL_EXPONENT = 400n;

const PLAIN = /^[+-]? ?(?:\d+\.?\d*|\.\d+)$/;
/** `1,234,567.89`; the first group does not start with 0. */
const COMMA_GROUPS = /^[+-]?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d*)?$/;
/** `1 234 567`, `1'234'567`; decimals after a point. */
const SPACE_GROUPS = /^[+-]?[1-9]\d{0,2}(?:(?: \d{3})+|(?:'\d{3})+)(?:\.\d*)?$/;
/** `1.000.000` and `1.000,5`: unambiguous only with two groups or with a decimal comma. */
const POINT_GROUPS = /^[+-]?[1-9]\d{0,2}(?:(?:\.\d{3}){2,}(?:,\d+)?|\.\d{3},\d{1,2}|\.\d{3},\d{4,})$/;
const FRACTION = /^([+-]?) ?\\frac ?(?:\{ ?([+-]?\d+) ?\}|(\d)) ?(?:\{ ?([+-]?\d+) ?\}|(\d))$/;
const SLASH = /^([+-]? ?\d+(?:\.\d+)?) ?\/ ?([+-]?\d+(?:\.\d+)?)$/;
const MIXED_FRACTION = /^([+-]?) ?(\d+) ?\\frac ?(?:\{ ?(\d+) ?\}|(\d)) ?(?:\{ ?(\d+) ?\}|(\d))$/;
const MIXED_SLASH = /^([+-]?) ?(\d+) (\d+) ?\/ ?(\d+)$/;
const SCIENTIFIC = /^([+-]?[\d.]+) ?\\(?:times|cdot) ?10 ?\^ ?(?:\{ ?([+-]?\d+) ?\}|([+-]?\d))$/;
const EXPONENT = /^([+-]?[\d.]+)[eE]([+-]?\d+)$/;

const decimalPower = (mantissa: string, exponent: string): Rational | null => {
  const value = parseDecimal(mantissa);
  const digits = BigInt(exponent);
  if (value === null || digits > MAXIMUM_DECIMAL_EXPONENT || digits < -MAXIMUM_DECIMAL_EXPONENT) return null;
  const scale = power(fromInteger(10), digits);
  return scale === null ? null : multiply(value, scale);
};

/** `whole + top/bottom`, only for a proper fraction: `2 \frac{7}{3}` is a product, not a mixed number. */
const mixed = (sign: string, whole: string, top: string, bottom: string): Rational | null => {
  if (BigInt(top) >= BigInt(bottom) || BigInt(whole) === 0n) return null;
  const part = divide(fromInteger(BigInt(top)), fromInteger(BigInt(bottom)));
  const value = part === null ? null : add(fromInteger(BigInt(whole)), part);
  return value === null ? null : sign === "-" ? negate(value) : value;
};

const quotient = (sign: string, top: string, bottom: string): Rational | null => {
  const [numerator, denominator] = [parseDecimal(top), parseDecimal(bottom)];
  const value = numerator === null || denominator === null ? null : divide(numerator, denominator);
  return value === null ? null : sign === "-" ? negate(value) : value;
};

/**
 * The exact value of normalised text that is one number, else null. Bounded: at most 1,000 characters, exponents
 * within ±400. `1,234` is a thousand; callers inside tuples split at commas first.
 */
export const readNumber = (text: string): Rational | null => {
  if (text.length === 0 || text.length > MAXIMUM_DIGITS || !/\d/.test(text)) return null;
  if (PLAIN.test(text)) return parseDecimal(text.replace(" ", ""));
  if (COMMA_GROUPS.test(text)) return parseDecimal(text.replaceAll(",", ""));
  if (SPACE_GROUPS.test(text)) return parseDecimal(text.replace(/[ ']/g, ""));
  if (POINT_GROUPS.test(text)) return parseDecimal(text.replaceAll(".", "").replace(",", "."));
  const fraction = FRACTION.exec(text);
  if (fraction !== null)
    return quotient(fraction[1] ?? "", fraction[2] ?? fraction[3] ?? "", fraction[4] ?? fraction[5] ?? "");
  const slash = SLASH.exec(text);
  if (slash !== null) return quotient("", (slash[1] ?? "").replace(" ", ""), slash[2] ?? "");
  const mixedFraction = MIXED_FRACTION.exec(text);
  if (mixedFraction !== null)
    return mixed(
      mixedFraction[1] ?? "",
      mixedFraction[2] ?? "",
      mixedFraction[3] ?? mixedFraction[4] ?? "",
      mixedFraction[5] ?? mixedFraction[6] ?? "",
    );
  const mixedSlash = MIXED_SLASH.exec(text);
  if (mixedSlash !== null)
    return mixed(mixedSlash[1] ?? "", mixedSlash[2] ?? "", mixedSlash[3] ?? "", mixedSlash[4] ?? "");
  const scientific = SCIENTIFIC.exec(text) ?? EXPONENT.exec(text);
  if (scientific !== null) return decimalPower(scientific[1] ?? "", scientific[2] ?? scientific[3] ?? "");
  return null;
};

/** Whether the text is digits split by commas into groups that could also be a list: `81,256`. */
export const isGroupedNumber = (text: string): boolean => COMMA_GROUPS.test(text) && !text.includes(".");

export const isWholeNumber = (value: Rational): boolean => isInteger(value);
