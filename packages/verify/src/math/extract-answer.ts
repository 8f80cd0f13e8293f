/** Takes the final answer out of free text by rules tried in order, and says which rule found it. */

import { finalRegion } from "./final-region.ts";
import { endsInsideBox, type Found, findBoxes, lastMatches } from "./find-boxes.ts";
import { mathSegments } from "./math-segments.ts";
import type { ExtractionRule, MathOptions, ResolvedMathOptions } from "./options.ts";
import { resolveOptions } from "./options.ts";
import { findStated } from "./stated-answer.ts";

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

const findTagged = (text: string): Found[] => {
  const found: Found[] = [];
  for (const { index, length } of lastMatches(text, /<answer>/g)) {
    const start = index + length;
    const window = text.slice(start, start + LONGEST_TAGGED);
    const end = window.indexOf("</answer>");
    if (end < 0) continue;
    const content = window.slice(0, end);
    // Of `<answer> <answer> 5 </answer>` the inner one counts.
    const nested = content.lastIndexOf("<answer>");
    const answer = (nested < 0 ? content : content.slice(nested + length)).trim();
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

/**
 * The whole text, when it is one short line that reads like an answer rather than a sentence: formulas with no
 * prose around them but a unit, or at most four words with no more than one of them before the first number.
 */
const findWhole = (text: string): Found[] => {
  const answer = text.trim();
  if (answer === "" || answer.length > LONGEST_WHOLE || /\n\n|[:：]$/.test(answer)) return [];
  const segments = mathSegments(answer);
  const prose = segments.filter((segment) => !segment.formula);
  const whole = [{ answer, start: 0, end: text.length }];
  if (prose.length < segments.length) {
    const last = segments.at(-1);
    const unit = last?.formula === false && words(last.content).length <= 3 && !/\d/.test(last.content);
    return prose.every((segment) => (segment === last && unit) || isJoined(segment.content)) ? whole : [];
  }
  const digit = answer.search(/[\d$]/);
  if (digit > 0 && words(answer.slice(0, digit)).length > 1 && !/^[A-Za-z]{3,9}\.? \d/.test(answer))
    return [];
  return words(answer).length <= 4 && !/[.!?。？！]\s+\S/.test(answer.replace(/[ap]\.m\.|\\!/gi, ""))
    ? whole
    : [];
};

const NUMBER =
  /(?<![\w.])[-−+]?(?:[$€£¥] ?)?(?:\d[\d,]*(?:\.\d+)?|\.\d+)(?:\/\d+)?(?:[eE][-+]?\d+)?(?:\\?%|％)?/g;

/** The last formula, unless a plain number stands after it: then that is the later word. */
const findLastFormula = (text: string): Found[] => {
  const tail = text.slice(-TAIL);
  const segments = mathSegments(tail);
  const at = segments.findLastIndex((segment) => segment.formula);
  const last = segments[at];
  if (last === undefined || last.content === "") return [];
  const after = segments[at + 1]?.content ?? "";
  return after.search(NUMBER) >= 0 ? [] : [{ answer: last.content, start: last.start, end: last.end }];
};

const findLastNumber = (text: string): Found[] => {
  const tail = text.slice(-TAIL);
  const match = [...tail.matchAll(NUMBER)].at(-1);
  return match === undefined
    ? []
    : [{ answer: match[0].replace(/,+$/, ""), start: match.index, end: match.index + match[0].length }];
};

const FINDERS: Readonly<Record<ExtractionRule, (text: string) => Found[]>> = {
  "answer-tag": findTagged,
  boxed: findBoxes,
  hashes: findHashes,
  stated: (text) => {
    const found = findStated(text);
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
