/** The part of a response where its answer may stand: after the thinking, without the question's own text. */

/** Sentences of the question shorter than this are too common to be an echo. */
const SHORTEST_ECHO = 16;
const LONGEST_TEXT = 2_000_000;

const THINK_END = "</think>";

/**
 * What follows the last `</think>`, when that is anything but space; else all of it. Thinking that was opened and
 * never closed was cut off: nothing in it is final.
 */
const afterThinking = (text: string): string => {
  const end = text.lastIndexOf(THINK_END);
  if (text.lastIndexOf("<think>") > end) return "";
  if (end < 0) return text;
  const after = text.slice(end + THINK_END.length);
  return after.trim() === "" ? text : after;
};

/** The text with every copy of the pieces blanked out. */
const without = (text: string, pieces: readonly string[]): string =>
  pieces.reduce((rest, piece) => rest.replaceAll(piece, " "), text);

const sentences = (question: string): string[] =>
  question
    .split(/[\n。？！]|[.?!](?=\s|$)/)
    .map((sentence) => sentence.trim())
    .filter((sentence) => sentence.length >= SHORTEST_ECHO)
    .slice(0, 100);

/**
 * The text to search for an answer. A response that only repeats the question has nothing left in it. Texts over
 * two million characters keep their end, where answers are.
 */
export const finalRegion = (text: string, question: string | null): string => {
  const bounded = text.length > LONGEST_TEXT ? text.slice(-LONGEST_TEXT) : text;
  const region = afterThinking(bounded);
  if (question === null || question.trim() === "") return region;
  const whole = question.trim();
  if (whole.length >= SHORTEST_ECHO) return without(region, [whole, ...sentences(whole)]);
  // A short question may well stand inside an answer (as "b" does in \boxed): only a line of its own is an echo of it.
  return region
    .split("\n")
    .map((line) => (line.trim() === whole ? " " : line))
    .join("\n");
};
