/** Takes the final answer out of free text by rules tried in order, and says which rule found it. */

import { finalRegion } from "./final-region.ts";
import { endsInsideBox, type Found, findBoxes, lastMatches } from "./find-boxes.ts";
import { mathSegments } from "./math-segments.ts";
import type { ExtractionRule, MathOptions, ResolvedMathOptions } from "./options.ts";
import { resolveOptions } from "./options.ts";
import { findName, findStated } from "./stated-answer.ts";

export interface Extraction {
  /** The answer's text; null when no rule found one. */
  readonly answer: string | null;
  readonly rule: ExtractionRule | null;
  /** Every answer the deciding rule found, in order; the last is `answer`. Several only for boxes and tags. */
  readonly all: readonly string[];
}

const NOTHING: Extraction = { answer: null, rule: null, all: [] };
const LONGEST_WHOLE = 300;
/** Weak rules look only at the end, where conclusions are. */
const TAIL = 4_000;
const LONGEST_TAGGED = 4_000;
const MAXIMUM_NESTED = 20;

const findTagged = (text: string): Found[] => {
  const found: Found[] = [];
  for (const { index, length } of lastMatches(text, /<answer>/g)) {
    const start = index + length;
    const window = text.slice(start, start + LONGEST_TAGGED);
    const end = window.indexOf("</answer>");
    if (end < 0) continue;
    const content = window.slice(0, end);
    // `<answer>41<answer>42</answer>` gives two answers.
    const pieces = content.split("<answer>", MAXIMUM_NESTED).map((piece) => piece.trim());
    for (const answer of pieces)
      if (answer !== "" && !/^(?:\.{3}|…)$/.test(answer))
        found.push({ answer, start: index, end: start + end });
  }
  return found;
};

/** GSM8K's `#### 18`, to the end of its line. */
const findHashes = (text: string): Found[] => {
  const at = text.lastIndexOf("####");
  if (at < 0) return [];
  const line = text.slice(at + 4, at + 4 + LONGEST_WHOLE).split("\n")[0] ?? "";
  const answer = line.replace(/^#*\s*/, "").trim();
  // `#### Step 2` is a heading: an answer begins with a number, a sign, a letter alone or LaTeX.
  return /^[-+$€£¥\\.(]|^\d|^[A-Za-z]$/.test(answer) ? [{ answer, start: at, end: at + line.length }] : [];
};

const words = (text: string): string[] =>
  text.replace(/\\[a-zA-Z]+|\{[^{}]*\}/g, " ").match(/[A-Za-z]{2,}/g) ?? [];
const isJoined = (text: string): boolean =>
  words(text).every((word) => /^(?:and|or)$/i.test(word)) && !/\d/.test(text);

/** In a chain of conclusions the last one counts. */
const IMPLIES = /\\(?:implies|Rightarrow|Longrightarrow|iff|Leftrightarrow|therefore)(?![a-zA-Z])|[⇒⟹∴]/;

/**
 * The whole text, when it is one short line that reads like an answer rather than a sentence: formulas with no
 * prose around them but a unit, or at most four words with no more than one of them before the first number.
 */
const findWhole = (text: string): Found[] => {
  const answer = text.trim();
  if (IMPLIES.test(answer)) return [];
  if (answer === "" || answer.length > LONGEST_WHOLE || /\n\n|[:：]$/.test(answer)) return [];
  const segments = mathSegments(answer);
  const prose = segments.filter((segment) => !segment.formula);
  const whole = [{ answer, start: 0, end: text.length }];
  if (prose.length < segments.length) {
    const last = segments.at(-1);
    const unit = last?.formula === false && words(last.content).length <= 3 && !/\d/.test(last.content);
    return prose.every((segment) => (segment === last && unit) || isJoined(segment.content)) ? whole : [];
  }
  const digit = answer.search(/[\p{Nd}$]/u);
  if (/\p{Script=Han}{2}/u.test(answer.slice(0, Math.max(digit, 0)))) return [];
  if (digit > 0 && words(answer.slice(0, digit)).length > 1 && !/^[A-Za-z]{3,9}\.? \d/.test(answer))
    return [];
  if (/^\(?[A-J][).:] \S/.test(answer) && words(answer).length <= 12) return whole;
  return words(answer).length <= 4 && !/[.!?。？！]\s+\S/.test(answer.replace(/[ap]\.m\.|\\!/gi, ""))
    ? whole
    : [];
};

const NUMBER =
  /(?<![\w.])[-−+]?(?:[$€£¥] ?)?(?:\d[\d,]*(?:\.\d+)?|\.\d+)(?:\/\d+)?(?:[eE][-+]?\d+)?(?:\\?%|％)?/g;

/** Whether the sentence around the place denies what stands there, or only asks for it. */
const isDenied = (text: string, at: number): boolean => {
  const before =
    text
      .slice(Math.max(0, at - 200), at)
      .split(/[.!?。？！\n](?:\s|$)/)
      .at(-1) ?? "";
  const end = /[.!?？！。\n](?=\s|$)/.exec(text.slice(at, at + 200))?.[0];
  return end === "?" || end === "？" || /\bnot\b|n't\b|\bcannot\b|\bnever\b|不是|不能|不等于/i.test(before);
};

/** The end of the text, without what a last sentence adds after "namely". */
const conclusion = (text: string): string => {
  const tail = text.slice(-TAIL);
  const at = tail.search(/, (?:namely|i\.e\.|that is to say)\b/);
  return at < 0 || /[.!?]\s+\S/.test(tail.slice(at + 8)) ? tail : tail.slice(0, at);
};

/** A pair, an interval or the like in plain text as the very last words: `so the point is (2, 3).` */
const CLOSING_TUPLE = /[([][^()[\]\n]{1,80},[^()[\]\n]{1,80}[)\]](?=[.\s*]*$)/;

/** The last formula, unless a plain number stands after it: then that is the later word. */
const findLastFormula = (text: string): Found[] => {
  const tail = conclusion(text);
  const segments = mathSegments(tail);
  const at = segments.findLastIndex((segment) => segment.formula);
  const last = segments[at];
  if (last === undefined || last.content === "") return [];
  const after = segments[at + 1]?.content ?? "";
  if (isDenied(tail, last.start)) return [];
  const answer = last.content.split(IMPLIES).at(-1)?.trim() ?? last.content;
  return after.search(NUMBER) >= 0 ? [] : [{ answer, start: last.start, end: last.end }];
};

const narrow = (text: string): string =>
  text.replace(/[\uff0e\uff10-\uff19]/g, (wide) => String.fromCharCode(wide.charCodeAt(0) - 0xfee0));

const findLastNumber = (text: string): Found[] => {
  const tail = narrow(conclusion(text));
  const tuple = CLOSING_TUPLE.exec(tail);
  if (tuple !== null && /\d/.test(tuple[0]) && !isDenied(tail, tuple.index))
    return [{ answer: tuple[0], start: tuple.index, end: tail.length }];
  const match = [...tail.matchAll(NUMBER)].at(-1);
  return match === undefined || isDenied(tail, match.index)
    ? []
    : [{ answer: match[0].replace(/,+$/, ""), start: match.index, end: match.index + match[0].length }];
};

const FINDERS: Readonly<Record<ExtractionRule, (text: string) => Found[]>> = {
  "answer-tag": findTagged,
  boxed: findBoxes,
  hashes: findHashes,
  stated: (text) => {
    const found = findStated(text) ?? findName(text);
    return found === null ? [] : [found];
  },
  whole: findWhole,
  "last-formula": findLastFormula,
  "last-number": findLastNumber,
};

const toExtraction = (rule: ExtractionRule, found: readonly Found[]): Extraction => ({
  answer: found.at(-1)?.answer ?? null,
  rule,
  all: found.map((each) => each.answer),
});

/** What stands in an `<answer>`: a box or a stated answer inside it, else all of it. */
const insideTag = (content: string): string => {
  if (content.length > LONGEST_TAGGED) return content;
  const boxes = findBoxes(content);
  const [only] = boxes;
  if (boxes.length === 1 && only !== undefined) return only.answer;
  if (findWhole(content).length > 0) return content;
  return findStated(content)?.answer ?? findLastFormula(content)[0]?.answer ?? content;
};

/** Extraction with options already resolved; `text` may be of any length, work is linear in it. */
export const extractResolved = (text: string, options: ResolvedMathOptions): Extraction => {
  const region = finalRegion(text, options.question);
  for (const rule of options.rules) {
    const found = FINDERS[rule](region);
    // Cut off inside a box: what stands there is half an answer, and what stood before was not final.
    if (rule === "boxed" && endsInsideBox(region)) return NOTHING;
    if (found.length === 0) continue;
    const extraction = toExtraction(rule, found);
    if (rule !== "answer-tag") return extraction;
    const all = extraction.all.map(insideTag);
    return { answer: all.at(-1) ?? null, rule, all };
  }
  return NOTHING;
};

/** The final answer in free text, English or Chinese; thinking before `</think>` is not searched. */
export const extractAnswer = (text: string, options: MathOptions = {}): Extraction =>
  extractResolved(text, resolveOptions(options));
