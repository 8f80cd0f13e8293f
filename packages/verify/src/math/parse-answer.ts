/** From an answer's text to what it says: bounds, normalisation and reading together. */

import type { Answer } from "./answer.ts";
import { normaliseText } from "./normalise-text.ts";
import { readAnswer, readAsList } from "./read-answer.ts";

/** Longer texts are no answers; every later step relies on this bound. */
export const MAXIMUM_ANSWER_LENGTH = 2_000;

export interface ParsedAnswer {
  /** The text as it was found. */
  readonly text: string;
  /** The text in its one spelling. */
  readonly normalised: string;
  /** What it says; null where it cannot be read (it still equals the same text). */
  readonly answer: Answer | null;
  /** A second reading: `81,256` as two numbers. */
  readonly alternative: Answer | null;
}

/** The parsed answer; null when it is empty or too long. */
export const parseAnswer = (text: string): ParsedAnswer | null => {
  if (text.length > MAXIMUM_ANSWER_LENGTH) return null;
  const normalised = normaliseText(text);
  if (normalised === "" || normalised.length > 2 * MAXIMUM_ANSWER_LENGTH) return null;
  return { text, normalised, answer: readAnswer(normalised), alternative: readAsList(normalised) };
};
