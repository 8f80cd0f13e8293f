/** Judges a response to a mathematics question against the gold answer: extracts, reads, compares, explains. */

import type { Outcome } from "../outcome.ts";
import { compareParsed } from "./are-equivalent.ts";
import { type Extraction, extractResolved } from "./extract-answer.ts";
import { type MathOptions, type ResolvedMathOptions, resolveOptions } from "./options.ts";
import { type ParsedAnswer, parseAnswer } from "./parse-answer.ts";
import { GoldError, parseGoldResolved } from "./parse-gold.ts";

export interface MathVerdict {
  readonly outcome: Exclude<Outcome, "timeout">;
  /** The answer found in the prediction; null when none was. */
  readonly predicted: string | null;
  /** The gold's answer; null when the gold could not be read. */
  readonly expected: string | null;
  /** Which rule found the answer and which comparison decided, or what went wrong. */
  readonly how: string;
}

const SHOWN = 500;
const shown = (text: string): string => (text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text);

/** The distinct answers among several final ones, compared as answers: `\frac12` and `0.5` are one. */
const distinctAnswers = (
  texts: readonly string[],
  options: ResolvedMathOptions,
): (ParsedAnswer | string)[] => {
  const kept: (ParsedAnswer | string)[] = [];
  for (const text of texts) {
    const parsed = parseAnswer(text) ?? text;
    const repeats = kept.some(
      (other) =>
        typeof other !== "string" &&
        typeof parsed !== "string" &&
        compareParsed(other, parsed, options).equal,
    );
    if (!repeats) kept.push(parsed);
  }
  return kept;
};

const MAXIMUM_PARTS = 12;

/** Several boxes that disagree are right only as the parts of one answer: `\boxed{1}`, `\boxed{2}` for `1, 2`. */
const judgeSeveral = (
  extraction: Extraction,
  gold: ParsedAnswer,
  options: ResolvedMathOptions,
): MathVerdict | null => {
  if (extraction.all.length < 2 || options.conflictingAnswers === "last") return null;
  const texts = [...new Set(extraction.all)];
  const few = texts.length <= MAXIMUM_PARTS;
  const distinct = few ? distinctAnswers(texts, options) : texts;
  if (distinct.length < 2) return null;
  const parts = distinct.map((each) => (typeof each === "string" ? each : each.text));
  const base = { predicted: shown(parts.join(" ; ")), expected: gold.text };
  const joined = few ? parseAnswer(parts.join(" ; ")) : null;
  const verdict = joined === null ? null : compareParsed(gold, joined, options);
  if (verdict?.equal === true)
    return { ...base, outcome: "correct", how: `${extraction.rule}, ${parts.length} parts: ${verdict.how}` };
  return { ...base, outcome: "wrong", how: `${extraction.rule}: ${distinct.length} answers that disagree` };
};

const judgeParsed = (prediction: string, gold: ParsedAnswer, options: ResolvedMathOptions): MathVerdict => {
  const extraction = extractResolved(prediction, options);
  const { answer, rule } = extraction;
  if (answer === null)
    return { outcome: "unparsed", predicted: null, expected: gold.text, how: "no answer was found" };
  const several = judgeSeveral(extraction, gold, options);
  if (several !== null) return several;
  const predicted = shown(answer);
  const parsed = parseAnswer(answer);
  if (parsed === null)
    return {
      outcome: "unparsed",
      predicted,
      expected: gold.text,
      how: `${rule}: empty or too long to be an answer`,
    };
  const verdict = compareParsed(gold, parsed, options);
  const outcome = verdict.equal ? "correct" : parsed.answer === null ? "unparsed" : "wrong";
  return { outcome, predicted, expected: gold.text, how: `${rule}: ${verdict.how}` };
};

/**
 * Whether the prediction's final answer equals the gold's. Pure and synchronous; never throws: a gold that cannot be
 * read gives "error". Most answers take microseconds, algebra some milliseconds; a caller that must hold a deadline
 * against hostile text runs it in a worker.
 */
export const judgeMath = (prediction: string, gold: string, options: MathOptions = {}): MathVerdict => {
  const resolved = resolveOptions(options);
  let expected: string | null = null;
  try {
    const parsed = parseGoldResolved(gold, resolved);
    expected = parsed.text;
    return judgeParsed(prediction, parsed, resolved);
  } catch (error) {
    const how = error instanceof GoldError ? error.message : `comparison failed: ${String(error)}`;
    return { outcome: "error", predicted: null, expected, how };
  }
};
