/** Rewrites an answer's many LaTeX spellings into one, in a single linear pass, before anything is parsed. */

import { closingBrace, tokenLength } from "./balanced.ts";
import { normaliseCharacters } from "./normalise-characters.ts";
import { normaliseWords } from "./normalise-words.ts";
import { bracePlainNotation } from "./plain-notation.ts";

const MATH_DELIMITERS = new Set(["\\(", "\\)", "\\[", "\\]"]);
const SPACES = new Set([
  "\\,",
  "\\;",
  "\\:",
  "\\>",
  "\\ ",
  "\\quad",
  "\\qquad",
  "~",
  "\\enspace",
  "\\thinspace",
]);

/** Commands that change only the look; `\left` and its kin also swallow a following `.`. */
const DROPPED = new Set([
  ..."\\! \\displaystyle \\textstyle \\limits \\nolimits \\rm \\bf \\it \\sf \\cal \\hline \\centering".split(
    " ",
  ),
  ..."\\big \\Big \\bigg \\Bigg \\bigl \\bigr \\Bigl \\Bigr \\biggl \\biggr \\Biggl \\Biggr \\left \\right".split(
    " ",
  ),
  ..."\\middle \\large \\Large \\small \\normalsize \\bold".split(" "),
]);

const RENAMED: Readonly<Record<string, string>> = {
  "\\dfrac": "\\frac",
  "\\tfrac": "\\frac",
  "\\cfrac": "\\frac",
  "\\dbinom": "\\binom",
  "\\tbinom": "\\binom",
  "\\leq": "\\le",
  "\\leqslant": "\\le",
  "\\leqq": "\\le",
  "\\geq": "\\ge",
  "\\geqslant": "\\ge",
  "\\geqq": "\\ge",
  "\\neq": "\\ne",
  "\\lt": "<",
  "\\gt": ">",
  "\\lbrace": "\\{",
  "\\rbrace": "\\}",
  "\\lbrack": "[",
  "\\rbrack": "]",
  "\\lparen": "(",
  "\\rparen": ")",
  "\\lvert": "|",
  "\\rvert": "|",
  "\\vert": "|",
  "\\colon": ":",
  "\\degree": "^\\circ",
  "\\infin": "\\infty",
  "\\thickapprox": "\\approx",
  "\\simeq": "\\approx",
  "\\doteq": "\\approx",
  "\\varnothing": "\\emptyset",
  "\\land": "\\and",
  "\\wedge": "\\and",
  "\\lor": "\\or",
  "\\vee": "\\or",
  "\\tg": "\\tan",
  "\\ctg": "\\cot",
  "\\cosec": "\\csc",
  "\\bigcup": "\\cup",
  "\\smallsetminus": "\\setminus",
  "\\backslash": "\\setminus",
  "\\R": "\\mathbb{R}",
  "\\reals": "\\mathbb{R}",
  "\\Reals": "\\mathbb{R}",
  "\\varphi": "\\phi",
  "\\varepsilon": "\\epsilon",
  "\\ast": "\\cdot",
  "\\bullet": "\\cdot",
  "\\dollar": "\\$",
  "\\textdollar": "\\$",
  "\\texteuro": "\\euro",
  "\\textdegree": "^\\circ",
  "*": "\\cdot",
  "%": "\\%",
};

const TEXT_COMMANDS = new Set(
  "\\text \\mbox \\hbox \\textnormal \\textrm \\textit \\textbf \\textsf \\texttt \\textup \\textsc \\emph".split(
    " ",
  ),
);
const FONT_COMMANDS = new Set(
  "\\mathrm \\mathbf \\mathit \\mathsf \\mathtt \\mathnormal \\boldsymbol \\bm \\pmb \\mathcal \\operatorname \\mathop".split(
    " ",
  ),
);
const TRANSPARENT = new Set([
  "\\boxed",
  "\\fbox",
  "\\framebox",
  "\\underline",
  "\\mathstrut",
  "\\ensuremath",
]);
const SWALLOWING = new Set([
  "\\phantom",
  "\\hphantom",
  "\\vphantom",
  "\\hspace",
  "\\vspace",
  "\\label",
  "\\tag",
  "\\color",
]);

const FUNCTIONS = new Set(
  "sin cos tan cot sec csc arcsin arccos arctan ln log exp gcd lcm max min".split(" "),
);
const SINGLE_LETTER_UNITS = new Set("m g s h L l N J W V A K C F".split(" "));
const MAXIMUM_FONT_DEPTH = 8;

const isDigit = (character: string | undefined): boolean =>
  character !== undefined && character >= "0" && character <= "9";

/** Whether exactly three digits stand at `index`, as after a thousands separator. */
const threeDigitsAt = (text: string, index: number): boolean =>
  isDigit(text[index]) && isDigit(text[index + 1]) && isDigit(text[index + 2]) && !isDigit(text[index + 3]);

const skipSpaces = (text: string, index: number): number => {
  let next = index;
  while (text[next] === " ") next += 1;
  return next;
};

/** The argument at `index`: a brace group's inside or one token; `end` is just past it. */
const readArgument = (text: string, index: number): { inner: string; end: number } => {
  const start = skipSpaces(text, index);
  if (text[start] === "{") {
    const end = closingBrace(text, start);
    if (end >= 0) return { inner: text.slice(start + 1, end - 1), end };
  }
  const length = start < text.length ? tokenLength(text, start) : 0;
  return { inner: text.slice(start, start + length), end: start + length };
};

const fontContent = (inner: string, before: string, depth: number): string => {
  const word = inner.trim();
  if (FUNCTIONS.has(word)) return `\\${word} `;
  if (SINGLE_LETTER_UNITS.has(word) && /\d\s*$/.test(before.slice(-4))) return `\\text{${word}}`;
  if (/^[A-Za-z][A-Za-z .,]*[A-Za-z.]$/.test(word)) return `\\text{${word}}`;
  return rewriteCommands(inner, depth + 1);
};

/** One pass over the tokens; recursion happens only into font commands' arguments, to a bounded depth. */
const rewriteCommands = (text: string, depth: number): string => {
  if (depth > MAXIMUM_FONT_DEPTH) return text;
  let output = "";
  let index = 0;
  while (index < text.length) {
    const token = text.slice(index, index + tokenLength(text, index));
    let next = index + token.length;
    if (token === "\\!" && /\d,$/.test(output.slice(-2)) && threeDigitsAt(text, skipSpaces(text, next))) {
      output = output.slice(0, -1);
      next = skipSpaces(text, next);
    } else if (token === "\\," && isDigit(output.at(-1)) && threeDigitsAt(text, next)) {
      // A thin space as thousands separator.
    } else if (token === "{" && text.startsWith("{,}", index)) {
      next = index + 3;
      if (!(isDigit(output.at(-1)) && isDigit(text[next]))) output += ",";
    } else if (SPACES.has(token)) output += " ";
    else if (DROPPED.has(token)) {
      if ((token === "\\left" || token === "\\right") && text[next] === ".") next += 1;
    } else if (TEXT_COMMANDS.has(token)) {
      const { inner, end } = readArgument(text, next);
      output += openText(inner);
      next = end;
    } else if (FONT_COMMANDS.has(token)) {
      const { inner, end } = readArgument(text, next);
      const numbers = token === "\\mathbf" && /^[RQZ]$/.test(inner);
      output += numbers ? `\\mathbb{${inner}}` : fontContent(inner, output, depth);
      next = end;
    } else if (token === "\\textcolor" || token === "\\colorbox") {
      const colour = readArgument(text, next);
      const { inner, end } = readArgument(text, colour.end);
      output += rewriteCommands(inner, depth + 1);
      next = end;
    } else if (TRANSPARENT.has(token)) {
      const { inner, end } = readArgument(text, next);
      output += rewriteCommands(inner, depth + 1);
      next = end;
    } else if (SWALLOWING.has(token)) next = readArgument(text, next).end;
    else if (token === "\\not" && text[next] === "=") {
      output += "\\ne ";
      next += 1;
    } else if (token === "$" || MATH_DELIMITERS.has(token)) {
      // A delimiter of mathematics, or a currency sign without its backslash: units.ts has no use for it.
    } else {
      const renamed = RENAMED[token] ?? token;
      output += renamed;
      if (/^\\[a-zA-Z]+$/.test(renamed)) output += " ";
    }
    index = next;
  }
  return output;
};

/** `\text{…}` again, but numbers written as text, alone (`\text{(42)}`) or before a unit, are taken out of it. */
const openText = (inner: string): string => {
  if (/^[\d\s().,/+-]*\d[\d\s().,/+-]*$/.test(inner)) return inner;
  if (/^\s*\\?\$\s*$/.test(inner)) return "\\$";
  const amount = /^\s*((?:\\?\$)?\s*\d[\d.,]*(?:\\?%)?)(?:\s+([A-Za-z][^\d:]*))?$/.exec(inner);
  if (amount === null || /^[ap]\.? ?m\b/i.test(amount[2] ?? "")) return `\\text{${rewriteText(inner)}}`;
  const value = (amount[1] ?? "").replace(/^\\?\$/, "\\$$").replace(/\\?%$/, "\\%");
  return amount[2] === undefined ? value : `${value}\\text{ ${rewriteText(amount[2])}}`;
};

/** Text inside `\text{…}`: no mathematics, so only braces, dollar signs and spacing are cleared away. */
const rewriteText = (inner: string): string =>
  inner
    .replace(/\\[,;:! ]|~/g, " ")
    .replace(/[{}$]/g, "")
    .replace(/\\text(?:bf|it|rm)?/g, "")
    .replace(/ {2,}/g, " ");

const LEADING_NOISE = new Set([...' =:,;*_"`']);
const TRAILING_NOISE = new Set([...' .,;:*_"`\\=']);

/** Without the punctuation that prose leaves around an answer. */
const trimNoise = (text: string): string => {
  let [start, end] = [0, text.length];
  while (start < end && LEADING_NOISE.has(text[start] ?? "")) start += 1;
  while (end > start && TRAILING_NOISE.has(text[end - 1] ?? "")) end -= 1;
  return text.slice(start, end);
};

/** `\\frac`, escaped once too often in the data; in a matrix a double backslash ends a row and stays. */
const unescapeTwice = (text: string): string =>
  text.includes("\\begin") ? text : text.replace(/\\\\(?=[a-zA-Z{}%$!,;: ])/g, "\\");

/**
 * The answer in one spelling: no look-only commands, `\text{…}` for all prose, `\and` and `\or` for the words,
 * single spaces, no surrounding punctuation. The caller bounds the length; every step is linear in it.
 */
export const normaliseText = (answer: string): string => {
  const rewritten = normaliseWords(rewriteCommands(unescapeTwice(trimNoise(normaliseCharacters(answer))), 0));
  return trimNoise(bracePlainNotation(rewritten).replace(/ {2,}/g, " "));
};
