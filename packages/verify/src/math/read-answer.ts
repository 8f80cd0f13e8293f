/** Reads a normalised answer into its structure by balanced brackets; leaves are numbers, words or expressions. */

import type { Answer } from "./answer.ts";
import { enclosingBrackets, nestingDepth, splitTopLevel, topLevelTokens } from "./balanced.ts";
import { call, type Expression, integer, number, symbol } from "./expression.ts";
import { readExpression } from "./read-expression.ts";
import { readMatrix } from "./read-matrix.ts";
import { isGroupedNumber, readNumber } from "./read-number.ts";
import { readRelation } from "./read-relation.ts";
import { readTextAnswer, readTimeOrDate } from "./read-text-answer.ts";
import { splitUnit, type Unit } from "./units.ts";

const MAXIMUM_DEPTH = 40;
const MAXIMUM_ITEMS = 200;
const MAXIMUM_STRUCTURE_DEPTH = 12;

export type ReadPart = (text: string, depth: number) => Answer | null;

const value = (expression: Expression, unit: Unit | null = null): Answer => ({
  kind: "value",
  expression,
  unit,
});

/** Every part read, or null when one cannot be. */
export const readAll = (parts: readonly string[], depth: number): Answer[] | null => {
  if (parts.length > MAXIMUM_ITEMS) return null;
  const items: Answer[] = [];
  for (const part of parts) {
    const item = readPart(part, depth + 1);
    if (item === null) return null;
    items.push(item);
  }
  return items;
};

const LIST_SEPARATORS = new Set([",", ";", "\\and", "\\or"]);

/** The parts of a list, without empty ones (`2, 3, \and 4`); null where it is no list. */
const splitList = (text: string): { parts: string[]; separators: string[] } => {
  const { parts, separators } = splitTopLevel(text, (token) => LIST_SEPARATORS.has(token));
  // A semicolon outranks commas: `1,2; 3,4` is two pairs.
  if (separators.includes(";") && separators.includes(","))
    return splitTopLevel(text, (token) => token === ";");
  return { parts: parts.filter((part) => part !== ""), separators };
};

const SET_NAMES: Readonly<Record<string, string>> = {
  "\\emptyset": "EmptySet",
  "\\{\\}": "EmptySet",
  "\\mathbb{R}": "RealNumbers",
};

const readNamedSet = (text: string): Answer | null => {
  const name = SET_NAMES[text.replaceAll(" ", "")];
  if (name !== undefined) return value(symbol(name));
  const words = text
    .replace(/\\text ?\{([^{}]*)\}/g, "$1")
    .trim()
    .toLowerCase();
  if (/^(?:the )?empty set$|^no (?:real )?solutions?$|^空集$|^无解$/.test(words))
    return value(symbol("EmptySet"));
  if (/^all real(?: number)?s?$|^(?:the )?reals?(?: numbers)?$|^全体实数$/.test(words))
    return value(symbol("RealNumbers"));
  return null;
};

/** The condition of a set builder, `x > 3` in `\{x \in \mathbb{R} \mid x > 3\}`. */
const conditionOf = (inner: string): string | null => {
  const { parts } = splitTopLevel(inner, (token) => token === "\\mid" || token === "|" || token === ":");
  const [element, condition] = parts;
  if (parts.length !== 2 || element === undefined || condition === undefined) return null;
  return /^[a-zA-Z](?: ?\\in ?\\mathbb ?\{ ?R ?\})?$/.test(element) && hasRelation(condition)
    ? condition
    : null;
};

/** `(…)`, `[…]`, `\{…\}` and `\langle…\rangle` around the whole text. */
const readBracketed = (text: string, depth: number): Answer | null => {
  // The French `]a, b[` is an open interval.
  const french = /^\](.*)\[$/.exec(text);
  const brackets =
    french === null ? enclosingBrackets(text) : { open: "(", close: ")", inner: french[1] ?? "" };
  if (brackets === null) return null;
  const { open, close, inner } = brackets;
  const condition = open === "\\{" ? conditionOf(inner) : null;
  if (condition !== null) return readPart(condition, depth + 1);
  const setLike = open === "\\{" || (open === "{" && /[,;]/.test(inner));
  const split = splitTopLevel(inner, (token) => token === "," || token === ";");
  const parts = split.parts.length === 1 ? splitList(inner).parts : split.parts;
  if (parts.length === 1 && !setLike) return open === "(" || open === "{" ? readPart(inner, depth + 1) : null;
  const items = readAll(parts, depth);
  if (items === null) return null;
  const name = setLike ? "{" : open === "\\langle" ? "(" : open;
  return {
    kind: "collection",
    open: name,
    close: setLike ? "}" : close === "\\rangle" ? ")" : close,
    items: items.flatMap((item) =>
      setLike && item.kind === "collection" && item.open === "" ? item.items : [item],
    ),
  };
};

/** `3 \pm 2\sqrt{2}` as the two values it stands for; `\mp` takes the other sign. */
const readPlusMinus = (text: string, depth: number): Answer | null => {
  if (!/\\(?:pm|mp)\b/.test(text)) return null;
  const upper = text.replace(/\\pm */g, "+").replace(/\\mp */g, "-");
  const lower = text.replace(/\\pm */g, "-").replace(/\\mp */g, "+");
  const items = readAll([upper.replace(/^\+/, ""), lower.replace(/^\+/, "")], depth);
  return items === null ? null : { kind: "collection", open: "", close: "", items };
};

const BASE_WORDS = " one two three four five six seven eight nine ten eleven twelve".split(" ");
const BASED =
  /^\(? ?(?:\\text ?\{ ?)?([0-9A-Z]+)(?: ?\})? ?\)? ?_ ?(?:\{ ?\(? ?(\d{1,2}) ?\)? ?\}|(\d)|\{? ?\\text ?\{ ?([a-z]+) ?\} ?\}?)$/;

/** `1011_2`, `(52)_{8}`, `\text{A5}_{11}`, `52_{\text{eight}}`. */
const readBased = (text: string): Answer | null => {
  const match = BASED.exec(text);
  if (match === null) return null;
  const digits = match[1] ?? "";
  const base = match[4] === undefined ? Number(match[2] ?? match[3]) : BASE_WORDS.indexOf(match[4]);
  if (base < 2 || base > 36 || /^[A-Z]$/.test(digits)) return null;
  const valid = [...digits].every((digit) => Number.parseInt(digit, 36) < base);
  return valid ? { kind: "based", digits: digits.replace(/^0+(?=.)/, ""), base } : null;
};

const negativeBased = (text: string): Answer | null => {
  if (!text.startsWith("-")) return null;
  const based = readBased(text.slice(1).trim());
  return based?.kind === "based" ? { ...based, digits: `-${based.digits}` } : null;
};

const readUnion = (text: string, depth: number): Answer | null => {
  const joined = text.replace(/([)\]}]) ?U ?(?=[([{]|\\\{)/g, "$1\\cup ");
  const union = splitTopLevel(joined, (token) => token === "\\cup");
  if (union.parts.length > 1) {
    const parts = readAll(union.parts, depth);
    return parts === null ? null : { kind: "union", parts };
  }
  const difference = splitTopLevel(joined, (token) => token === "\\setminus");
  const [from, removed] = difference.parts;
  if (difference.parts.length !== 2 || from === undefined || removed === undefined) return null;
  const sides = readAll([from, removed], depth);
  return sides?.[0] === undefined || sides[1] === undefined
    ? null
    : { kind: "difference", from: sides[0], removed: sides[1] };
};

const readRatio = (text: string, depth: number): Answer | null => {
  const { parts } = splitTopLevel(
    text.replace(/(\d) ?\\text ?\{ ?to ?\} ?(?=\d)|(\d) to (?=\d)/g, "$1$2:"),
    (token) => token === ":",
  );
  if (parts.length < 2 || parts.includes("")) return null;
  const items = readAll(parts, depth)?.map((item) =>
    item.kind === "text" && item.letter ? value(symbol(item.words)) : item,
  );
  return items?.every((item) => item.kind === "value") ? { kind: "ratio", parts: items } : null;
};

const RELATIONS = new Set(["=", "<", ">", "\\le", "\\ge", "\\ne", "\\in", "\\approx", "\\equiv"]);
const hasRelation = (text: string): boolean => topLevelTokens(text).some(({ token }) => RELATIONS.has(token));

/** A bare list, conditions joined by "and"/"or", or a label before a list (`x = 1, 2`). */
const readList = (text: string, depth: number): Answer | null => {
  const { parts, separators } = splitList(text);
  if (parts.length < 2) return null;
  const related = parts.map(hasRelation);
  if (related[0] === true && related.slice(1).every((has) => !has)) {
    const [first] = parts;
    const relation = first === undefined ? null : readRelation(first, depth + 1, readPart);
    const last = relation?.kind === "relation" && relation.label !== null ? relation.terms.at(-1) : undefined;
    const rest = readAll(parts.slice(1), depth);
    if (relation?.kind === "relation" && last !== undefined && rest !== null) {
      const list: Answer = { kind: "collection", open: "", close: "", items: [last, ...rest] };
      return { ...relation, operators: ["="], terms: [relation.terms[0] ?? last, list] };
    }
  }
  const items = readAll(parts, depth);
  if (items === null) return null;
  const conditional = items.every(
    (item) => item.kind === "relation" && item.operators.every((sign) => sign !== "="),
  );
  if (conditional && separators.length > 0)
    return { kind: "conditions", joined: separators.includes("\\or") ? "or" : "and", parts: items };
  return {
    kind: "collection",
    open: "",
    close: "",
    items: items.flatMap((item) =>
      item.kind === "collection" && item.open === "" && !separators.includes(";") ? item.items : [item],
    ),
  };
};

/** A number, words or an expression, with the unit it carries. */
const readLeaf = (text: string, depth: number): Answer | null => {
  // `\text{The answer is }5`: what leads up to a value is no part of it.
  const lead = /^\\text ?\{[^{}]*(?:\b(?:is|are)|[:：为是]) ?\} ?/.exec(text);
  if (lead !== null && lead[0].length < text.length) return readPart(text.slice(lead[0].length), depth + 1);
  const words = readTextAnswer(text);
  if (words !== null) return words;
  const { value: bare, unit } = splitUnit(text);
  if (bare !== text) {
    const inner = readPart(bare, depth + 1);
    if (inner?.kind === "value" && inner.unit === null) return { ...inner, unit };
    // A unit after a list or a time belongs to all of it, and is dropped there.
    if (inner !== null && inner.kind !== "text" && !(inner.kind === "value")) return inner;
  }
  const expression = readExpression(text);
  return expression === null ? null : value(expression);
};

/** One part of an answer; null when it cannot be read. Depth is bounded, so recursion is. */
export const readPart: ReadPart = (text, depth) => {
  if (text === "" || depth > MAXIMUM_STRUCTURE_DEPTH) return null;
  const plain = readNumber(text);
  // Inside brackets a comma always separates; it has been split there before.
  if (plain !== null) return value(number(plain));
  const moment = readTimeOrDate(text);
  if (moment !== null) return moment;
  // `\$1,234` and `1,234 \text{ cm}`: one number, before commas are taken for a list's.
  const measured = splitUnit(text);
  const amount = measured.unit === null ? null : readNumber(measured.value);
  if (amount !== null) return value(number(amount), measured.unit);
  const infinity = /^([+-]?) ?\\infty$/.exec(text);
  if (infinity !== null)
    return value(
      infinity[1] === "-" ? call("Multiply", integer(-1), symbol("Infinity")) : symbol("Infinity"),
    );
  return (
    readNamedSet(text) ??
    readBased(text) ??
    negativeBased(text) ??
    readMatrix(text, depth, readPart) ??
    readList(text, depth) ??
    (hasRelation(text) ? readRelation(text, depth, readPart) : null) ??
    readUnion(text, depth) ??
    readTextAnswer(text) ??
    readBracketed(text, depth) ??
    readRatio(text, depth) ??
    readPlusMinus(text, depth) ??
    readLeaf(text, depth)
  );
};

/** `, k \in \mathbb{Z}` after an answer: it says what a letter stands for, not what the answer is. */
const QUALIFIER =
  /[,;]? ?(?:\\text ?\{[^{}]{0,20}\} ?)?\(? ?[a-zA-Z] ?\\in ?\\mathbb ?\{ ?[ZNQR] ?\}(?: ?[\^_] ?\{? ?[+*] ?\}?)? ?\)?$/;

/** The structure of a normalised answer; null when it cannot be read. */
export const readAnswer = (text: string): Answer | null => {
  if (nestingDepth(text) > MAXIMUM_DEPTH) return null;
  const unqualified = text.replace(QUALIFIER, "").trim();
  return readPart(unqualified === "" ? text : unqualified, 0);
};

/** `81,256` read as a list of two numbers rather than as one; null for any other text. */
export const readAsList = (text: string): Answer | null => (isGroupedNumber(text) ? readList(text, 0) : null);
