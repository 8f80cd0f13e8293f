/** Other ways to write a number: each keeps its value, by construction and not by any parser. */
import { greatestCommonDivisor, type Variant } from "./pair.ts";
import type { Random } from "./random.ts";

function group(digits: string, separator: string): string {
  const groups: string[] = [];
  for (let end = digits.length; end > 0; end -= 3) groups.unshift(digits.slice(Math.max(0, end - 3), end));
  return groups.join(separator);
}

const fullWidth = (digits: string): string =>
  digits.replace(/\d/g, (digit) => String.fromCharCode(digit.charCodeAt(0) + 0xfee0));

/** An integer, given by its digits and sign ("-" or ""). */
export function rewriteInteger(sign: string, digits: string, random: Random): Variant[] {
  const value = BigInt(digits);
  const factor = BigInt(random.integer(2, 9));
  const plain = sign + digits;
  const variants: Variant[] = [
    { rule: "integer .0", text: `${plain}.0` },
    { rule: "integer .00", text: `${plain}.00` },
    { rule: "integer as unreduced fraction", text: `${sign}\\frac{${value * factor}}{${factor}}` },
    { rule: "integer over 1", text: `${plain}/1` },
    { rule: "assignment", text: `x = ${plain}` },
    { rule: "assignment of a word", text: `\\text{Total} = ${plain}` },
    { rule: "full-width digits", text: `${sign}${fullWidth(digits)}` },
    {
      rule: "unit \\text",
      text: `${plain}\\text{ ${random.pick(["apples", "cm", "hours", "square feet", "miles"])}}`,
    },
    { rule: "sum", text: `${sign}(${value - factor} + ${factor})` },
    {
      rule: "product",
      text: `${factor} \\cdot ${sign === "" ? "" : "("}${sign}\\frac{${value}}{${factor}}${sign === "" ? "" : ")"}`,
    },
    { rule: "text digits", text: `\\text{${plain}}` },
    { rule: "mathbf", text: `\\mathbf{${plain}}` },
    { rule: "leading zero", text: `${sign}0${digits}` },
  ];
  if (sign === "-") variants.push({ rule: "Unicode minus", text: `−${digits}` });
  if (digits.length > 3) {
    variants.push(
      { rule: "thousands ,", text: sign + group(digits, ",") },
      { rule: "thousands {,}", text: sign + group(digits, "{,}") },
      { rule: "thousands \\,", text: sign + group(digits, "\\,") },
      { rule: "thousands ,\\!", text: sign + group(digits, ",\\!") },
      { rule: "thousands space", text: sign + group(digits, " ") },
    );
  }
  if (digits.length > 2) {
    const mantissa = `${digits[0]}.${digits.slice(1)}`;
    variants.push(
      { rule: "scientific \\times", text: `${sign}${mantissa} \\times 10^{${digits.length - 1}}` },
      { rule: "scientific \\cdot", text: `${sign}${mantissa}\\cdot10^${braced(digits.length - 1)}` },
      { rule: "scientific e", text: `${sign}${mantissa}e${digits.length - 1}` },
    );
  }
  const root = Number(value);
  if (root > 1 && root < 1_000_000)
    variants.push({ rule: "square root", text: `${sign}\\sqrt{${root * root}}` });
  return variants;
}

function braced(exponent: number): string {
  return exponent < 10 ? String(exponent) : `{${exponent}}`;
}

/** A fraction of positive whole numbers; `sign` is "-" or "". */
export function rewriteFraction(
  sign: string,
  numerator: number,
  denominator: number,
  random: Random,
): Variant[] {
  const factor = random.integer(2, 7);
  const [top, bottom] = [numerator, denominator];
  const common = greatestCommonDivisor(top, bottom);
  const variants: Variant[] = [
    { rule: "\\dfrac", text: `${sign}\\dfrac{${top}}{${bottom}}` },
    { rule: "\\tfrac", text: `${sign}\\tfrac{${top}}{${bottom}}` },
    { rule: "\\cfrac", text: `${sign}\\cfrac{${top}}{${bottom}}` },
    { rule: "a/b", text: `${sign}${top}/${bottom}` },
    { rule: "a / b", text: `${sign}${top} / ${bottom}` },
    { rule: "unreduced", text: `${sign}\\frac{${top * factor}}{${bottom * factor}}` },
    { rule: "reduced", text: `${sign}\\frac{${top / common}}{${bottom / common}}` },
    { rule: "\\over", text: `${sign}{${top} \\over ${bottom}}` },
    { rule: "\\div", text: `${sign}${top} \\div ${bottom}` },
    { rule: "assignment", text: `p = ${sign}\\frac{${top}}{${bottom}}` },
    { rule: "power -1", text: `${sign}${top} \\cdot ${bottom}^{-1}` },
    { rule: "left right parentheses", text: `${sign}\\left(\\frac{${top}}{${bottom}}\\right)` },
  ];
  if (top < 10 && bottom < 10) variants.push({ rule: "\\frac ab", text: `${sign}\\frac${top}${bottom}` });
  if (bottom < 10) variants.push({ rule: "\\frac{a}b", text: `${sign}\\frac{${top}}${bottom}` });
  if (sign === "-") {
    variants.push(
      { rule: "sign in numerator", text: `\\frac{-${top}}{${bottom}}` },
      { rule: "sign in denominator", text: `\\frac{${top}}{-${bottom}}` },
    );
  }
  if (top > bottom && top % bottom !== 0) {
    const whole = Math.floor(top / bottom);
    variants.push(
      { rule: "mixed number", text: `${sign}${whole}\\frac{${top % bottom}}{${bottom}}` },
      { rule: "mixed number, space", text: `${sign}${whole} \\frac{${top % bottom}}{${bottom}}` },
      { rule: "mixed number, plain", text: `${sign}${whole} ${top % bottom}/${bottom}` },
      {
        rule: "whole plus fraction",
        text: `${sign === "" ? "" : "-("}${whole} + \\frac{${top % bottom}}{${bottom}}${sign === "" ? "" : ")"}`,
      },
    );
  }
  const decimal = terminatingDecimal(top, bottom);
  if (decimal !== null) {
    variants.push(
      { rule: "decimal", text: sign + decimal },
      { rule: "decimal, trailing zero", text: `${sign}${decimal}0` },
    );
    if (decimal.startsWith("0."))
      variants.push({ rule: "decimal without zero", text: sign + decimal.slice(1) });
  }
  return variants;
}

/** The exact decimal with at least one decimal place, or null where it does not end within eight places. */
export function terminatingDecimal(numerator: number, denominator: number): string | null {
  for (let places = 1, scale = 10; places <= 8; places++, scale *= 10) {
    if ((numerator * scale) % denominator !== 0) continue;
    const digits = String((numerator * scale) / denominator).padStart(places + 1, "0");
    return `${digits.slice(0, -places)}.${digits.slice(-places)}`;
  }
  return null;
}

/** `a√b` with whole a > 0, b > 1. */
export function rewriteRadical(sign: string, outer: number, inner: number, random: Random): Variant[] {
  const factor = random.integer(2, 5);
  const head = outer === 1 ? "" : String(outer);
  const variants: Variant[] = [
    { rule: "radical, inside", text: `${sign}\\sqrt{${outer * outer * inner}}` },
    { rule: "radical, \\cdot", text: `${sign}${outer} \\cdot \\sqrt{${inner}}` },
    { rule: "radical, swapped", text: `${sign}\\sqrt{${inner}} \\cdot ${outer}` },
    { rule: "radical, power", text: `${sign}${outer} \\cdot ${inner}^{1/2}` },
    { rule: "radical, \\frac power", text: `${sign}${head}(${inner})^{\\frac{1}{2}}` },
    { rule: "radical, Unicode", text: `${sign}${head}√${inner}` },
    { rule: "radical, sqrt()", text: `${sign}${outer}*sqrt(${inner})` },
    { rule: "radical over radical", text: `${sign}\\frac{${outer * inner}}{\\sqrt{${inner}}}` },
    { rule: "radical, unreduced", text: `${sign}\\frac{${outer * factor}\\sqrt{${inner}}}{${factor}}` },
    { rule: "radical, two roots", text: `${sign}${head}\\sqrt{${inner * factor}} / \\sqrt{${factor}}` },
  ];
  if (inner < 10) variants.push({ rule: "radical without braces", text: `${sign}${head}\\sqrt${inner}` });
  return variants;
}
