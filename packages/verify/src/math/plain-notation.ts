/** Notation typed as in plain text — `x^10`, `sqrt(x+1)`, `1/2x`, `C_5^2` — with the braces LaTeX wants. */

import { tokenLength } from "./balanced.ts";

const skipSpaces = (text: string, index: number): number => {
  let next = index;
  while (text[next] === " ") next += 1;
  return next;
};

/** Exponents, subscripts, roots and slashes written as in plain text get the braces LaTeX wants. */
export const bracePlainNotation = (text: string): string =>
  braceParentheses(text)
    .replace(/\^ *\{ *\\circ *\}|\^ *\\circ\b/g, "^\\circ ")
    .replace(/\\cdot +\\cdot +/g, "^")
    .replace(/\^ ?([+-]?\d{2,}|[+-]\d)/g, "^{$1}")
    .replace(/_ ?(\d+)/g, "_{$1}")
    .replace(/\\frac ?(\d) ?(\d)/g, "\\frac{$1}{$2}")
    .replace(/\^ ?(\d) (?=\d)/g, "^{$1} ")
    .replace(/(\d) ?(?:st|nd|rd|th)\b/g, "$1")
    .replace(/\\sqrt *(\d{2,})/g, "\\sqrt{$1}")
    .replace(/(\d) ?[xX] ?(10 ?\^)/g, "$1\\times $2")
    .replace(
      /(?<![\d^_.a-zA-Z/}{])(\d+) ?\/ ?(\d+)(?= ?[a-zA-Z(\\])(?! ?(?:\\[%$]|\\text|\\and|\\or|\\cdot))/g,
      "\\frac{$1}{$2}",
    )
    .replace(
      /(?<![A-Za-z\\])([CA])_ ?(\d|\{\d+\}) ?\^ ?(\d|\{\d+\})/g,
      (_, name: string, n: string, k: string) =>
        name === "C" ? `\\binom{${n}}{${k}}` : `\\frac{${n}!}{(${n}-${k})!}`,
    );

/** `\sqrt(x+1)` and `x^(1/2)` with their group in braces. */
const braceParentheses = (text: string): string => {
  if (!/(?:\\sqrt|\^) *\(/.test(text)) return text;
  let output = "";
  let index = 0;
  while (index < text.length) {
    const length = tokenLength(text, index);
    const token = text.slice(index, index + length);
    const next = skipSpaces(text, index + length);
    const end =
      (token === "\\sqrt" || token === "^") && text[next] === "(" ? closingParenthesis(text, next) : -1;
    // Only the opening and closing characters change, so nested groups are met by the same pass later.
    if (end > 0 && end - next < 200) {
      output += `${token}{${braceParentheses(text.slice(next + 1, end - 1))}}`;
      index = end;
    } else {
      output += token;
      index += length;
    }
  }
  return output;
};

const closingParenthesis = (text: string, open: number): number => {
  let depth = 0;
  for (let index = open; index < text.length; index += 1) {
    if (text[index] === "(") depth += 1;
    else if (text[index] === ")") {
      depth -= 1;
      if (depth === 0) return index + 1;
    }
  }
  return -1;
};
