/** Finds the answer a sentence states: "the answer is …", "答案是…", "故选…". */

import type { Found } from "./find-boxes.ts";
import { mathSegments, type Segment } from "./math-segments.ts";

/** Lower-case phrases, the stronger first; the last occurrence of the strongest present decides. */
const PHRASES: readonly (readonly string[])[] = [
  [
    "final answer is",
    "final answer:",
    "final answer：",
    "final answer**:",
    "最终答案是",
    "最终答案为",
    "最终答案：",
    "最终答案:",
  ],
  [
    "answer is",
    "the answer:",
    "answer:",
    "answer：",
    "answer**:",
    "correct option is",
    "correct choice is",
    "答案是",
    "答案为",
    "答案应为",
    "答案应该是",
    "答案选",
    "答案：",
    "答案:",
    "故选",
    "应选",
    "因此选",
    "所以选",
  ],
];

/** A statement further than this from the end is not the final word. */
const TAIL = 20_000;
const LONGEST_STATEMENT = 1_200;
const OPENING_NOISE =
  /^(?:[\s:：*_,，>#是为择]|选项|选|therefore|thus|then|just|simply|indeed|exactly|equal to|given by|that|probably|about)+/i;
/** A statement ends at a line's end, or at a sentence's: a stop that no digit follows. */
const STATEMENT_END = /\n|。|(?<!\b(?:[ap]|[ap]\.m))[.!?](?=\s|$|\*)|；|，(?=\p{Script=Han}{2})/u;
/** Where the reason begins: "5 apples because …" states "5 apples". */
const REASON =
  /,? (?:because|since|as|so|which|where|when|for|per our|but) |，因为|，因此|，所以| -- | - (?=[a-z])|（|\((?=[a-z][a-z-]{2,})/;
const CONNECTS = /^[\s,;.*:=]*(?:and|or|和|或|及|、|，)?[\s,;.*]*$/i;
const UNIT_AFTER = /^\s?(?:[A-Za-z]{2,12}|[\u4e00-\u9fff]{1,3}|\\?%|°)(?=[\s.,;*]*$)/;
const LONGEST_LEAD = 40;

/** The segments up to the end of the sentence, or to its reason; formulas are never cut. */
const statementSegments = (window: string): Segment[] => {
  const kept: Segment[] = [];
  for (const segment of mathSegments(window)) {
    if (segment.formula) {
      kept.push(segment);
      continue;
    }
    const end = STATEMENT_END.exec(segment.content)?.index ?? segment.content.length;
    const reason = REASON.exec(segment.content.slice(0, end))?.index ?? end;
    kept.push({ ...segment, content: segment.content.slice(0, reason) });
    if (reason < segment.content.length) break;
  }
  return kept;
};

/** The formulas a statement begins with ("$3$ and $5$" is one answer) and the unit after them, or all of it. */
const reduceStatement = (segments: readonly Segment[]): string => {
  const whole = segments.map((segment) => segment.content).join(" ");
  const first = segments.findIndex((segment) => segment.formula);
  const lead = segments
    .slice(0, Math.max(first, 0))
    .map((segment) => segment.content)
    .join("")
    .replace(/[^\p{L}\p{N}\\€£¥-]/gu, "");
  // `5 $m$`, or a formula only deep in the sentence: what comes first is the answer.
  if (first < 0 || lead.length > LONGEST_LEAD || /\d/.test(lead))
    return first < 0 ? whole : (segments[0]?.content ?? whole);
  const parts: string[] = [];
  for (let index = first; index < segments.length; index += 1) {
    const segment = segments[index];
    if (segment === undefined) break;
    if (segment.formula) parts.push(segment.content);
    else if (!CONNECTS.test(segment.content) || segments[index + 1] === undefined) {
      const unit = parts.length === 1 ? UNIT_AFTER.exec(segment.content)?.[0].trim() : undefined;
      return unit === undefined ? parts.join(", ") : `${parts[0]} ${unit}`;
    }
  }
  return parts.join(", ");
};

const lastOccurrence = (text: string, phrases: readonly string[]): { at: number; length: number } | null => {
  let best: { at: number; length: number } | null = null;
  for (const phrase of phrases) {
    const at = text.lastIndexOf(phrase);
    if (at >= 0 && (best === null || at + phrase.length > best.at + best.length))
      best = { at, length: phrase.length };
  }
  return best;
};

/** What is said next takes the statement back: then it was not final. */
const TAKEN_BACK = /\b(?:wait|actually|correction|scratch that|i made a mistake|oops)\b|不对|更正|等等/i;
/** "Is the answer 42?" and "So the answer is 42?" state nothing. */
const isAsked = (after: string): boolean => /^[^.!。\n]{0,200}?[?？]/.test(after);

/** "… is Evelyn." as the very last words, in a sentence without numbers or formulas. */
const LAST_NAME =
  /(?:^|[.!\n]\s+)[^.!?\n\d$\\]{1,300}?\b(?:is|was|are|were)\s+(\p{Lu}\p{L}+(?: \p{Lu}\p{L}+){0,2})[.!]?\s*$/u;

/** The name a text ends on; null when it ends otherwise. For questions whose answer is a word. */
export const findName = (text: string): Found | null => {
  const answer = LAST_NAME.exec(text.slice(-400))?.[1];
  return answer === undefined ? null : { answer, start: text.length - answer.length, end: text.length };
};

/** The last stated answer in the text's last 20,000 characters; null when none is. */
export const findStated = (text: string): Found | null => {
  const tail = text.slice(-TAIL);
  // Only ASCII is lowered, so that places stay the same in both.
  const lower = tail.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  for (const phrases of PHRASES) {
    const occurrence = lastOccurrence(lower, phrases);
    if (occurrence === null) continue;
    const start = occurrence.at + occurrence.length;
    const window = tail.slice(start, start + LONGEST_STATEMENT).replace(OPENING_NOISE, "");
    const segments = statementSegments(window);
    const answer = reduceStatement(segments).trim();
    const after = window.slice(segments.at(-1)?.start ?? 0);
    if (TAKEN_BACK.test(after) || isAsked(after)) return null;
    if (answer !== "") return { answer, start: occurrence.at, end: start };
  }
  return null;
};
