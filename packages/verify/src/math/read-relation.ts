/** Equations, inequalities, memberships and approximations, with the label they may begin with. */

import type { Answer, Relation } from "./answer.ts";
import { splitTopLevel } from "./balanced.ts";
import { symbol } from "./expression.ts";

type ReadPart = (text: string, depth: number) => Answer | null;

const SIGNS: Readonly<Record<string, Relation>> = {
  "=": "=",
  "\\equiv": "=",
  "<": "<",
  ">": ">",
  "\\le": "<=",
  "\\ge": ">=",
  "\\ne": "!=",
  "\\in": "in",
  "\\approx": "~",
};

/** `<=` and `>=` typed as two characters, and the `\not\in` nobody answers with. */
const joinSigns = (text: string): string =>
  text
    .replace(/< ?=/g, "\\le ")
    .replace(/> ?=/g, "\\ge ")
    .replace(/! ?=/g, "\\ne ")
    .replace(/= ?=/g, "=")
    .replace(/: ?=/g, "=");

/**
 * The name an answer is given: letters and combinations of them without numbers of their own, as in `x`, `f(x)`,
 * `P(A)`, `[ABC]`, `\angle A`, `\text{Area}`, `(x, y)` and `m + n`. `3x` is no label: `3x = 5` does not say 5.
 */
const labelOf = (text: string): string | null => {
  if (text.length > 60) return null;
  const compact = text
    .replace(/(?<=[a-zA-Z]) ?\^ ?\{ ?-1 ?\}/, "")
    .replace(/ ?_ ?(?:\{[^{}]*\}|\w)/g, "")
    .replace(/\\text ?\{([^{}]*)\}/g, "$1");
  if (!/^[A-Za-z\\([|\u4e00-\u9fff]/.test(compact)) return null;
  if (/\d|\^|!|\\(?:sqrt|sin|cos|tan|cot|sec|csc|log|ln|infty|pi)\b/.test(compact)) return null;
  return text.replace(/[ {}]|\\text/g, "");
};

/** `1+2+\dots+512` before an equals sign leads up to a value as a name does. */
const abbreviated = (text: string): string | null =>
  /\\[cl]?dots(?![a-zA-Z])/.test(text) ? "(abbreviated)" : null;

/** `\pi r^2`, `2\pi r`, `\frac43 \pi r^3`: the formula of an area or a volume before its value. */
const measureOf = (text: string): string | null =>
  text.length < 40 &&
  /\\pi(?![a-zA-Z])/.test(text) &&
  /(?<![\\a-zA-Z])[a-zA-Z](?![a-zA-Z])/.test(text) &&
  !/[+-]/.test(text)
    ? "(measure)"
    : null;

const placeholder: Answer = { kind: "value", expression: symbol("label"), unit: null };

/** A chain of relations at the top level; null when there is none or a term cannot be read. */
export const readRelation = (text: string, depth: number, readPart: ReadPart): Answer | null => {
  const { parts, separators } = splitTopLevel(joinSigns(text), (token) => SIGNS[token] !== undefined);
  if (separators.length === 0 || separators.length > 8) return null;
  const operators = separators.map((separator) => SIGNS[separator] ?? "=");
  // `\approx 8.24`: the sign before a lone value says only that it was rounded.
  const [first, ...rest] = parts;
  if (first === "" && rest.length === 1)
    return operators[0] === "~" || operators[0] === "=" ? readPart(rest[0] ?? "", depth + 1) : null;
  const naming = operators.every((operator) => operator === "=" || operator === "in" || operator === "~");
  const label =
    naming && first !== undefined ? (labelOf(first) ?? abbreviated(first) ?? measureOf(first)) : null;
  const terms: Answer[] = [];
  for (const [index, part] of parts.entries()) {
    const term = readPart(part, depth + 1) ?? (index === 0 && label !== null ? placeholder : null);
    // `1+2+\dots+512 = 1023`: what cannot be read on the way to a value is only a name for it.
    if (term === null && !(naming && index < parts.length - 1)) return null;
    terms.push(term ?? placeholder);
  }
  return { kind: "relation", operators, terms, label };
};
