/** Compares what a program printed with what was expected, on the host, in time about linear in both. */
import type { Checker } from "./test-case.ts";

export type TextChecker = Exclude<Checker, { readonly kind: "program" }>;

/** `value` reads both as lines: a printed value is text. */
export function outputMatches(actual: string, expected: string, checker: TextChecker): boolean {
  const tolerance = "tolerance" in checker ? (checker.tolerance ?? 0) : 0;
  switch (checker.kind) {
    case "lines":
      return normalLines(actual).join("\n") === normalLines(expected).join("\n");
    case "value":
    case "tokens":
      return sameWords(words(actual), words(expected), tolerance);
    case "any-order":
      return sameLines(normalLines(actual), normalLines(expected), tolerance);
  }
}

/** Lines without white space at their ends, and without empty lines at the end of all. */
function normalLines(text: string): string[] {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => line.trimEnd());
}

const words = (text: string): string[] => text.split(/\s+/).filter((word) => word !== "");

function sameWords(actual: readonly string[], expected: readonly string[], tolerance: number): boolean {
  return (
    actual.length === expected.length &&
    expected.every((word, place) => sameWord(actual[place] as string, word, tolerance))
  );
}

/** Two integers are equal or not; the tolerance is for numbers of which one has a fraction or an exponent. */
function sameWord(actual: string, expected: string, tolerance: number): boolean {
  if (actual === expected) return true;
  if (tolerance === 0 || !isNumber(actual) || !isNumber(expected)) return false;
  if (isInteger(actual) && isInteger(expected)) return BigInt(actual) === BigInt(expected);
  const [left, right] = [Number(actual), Number(expected)];
  return Math.abs(left - right) <= tolerance * Math.max(1, Math.abs(right));
}

/** No number is written with more characters; a bound on the work of reading one. */
const longestNumber = 400;
const isNumber = (word: string): boolean =>
  word.length <= longestNumber && /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/.test(word);
const isInteger = (word: string): boolean => /^-?\d+$/.test(word);

/** Pairs of lines looked at before an answer without order counts as different. */
const mostPairs = 1_000_000;

/** Equal as multisets; with a tolerance each expected line takes the first free line that equals it. */
function sameLines(actual: readonly string[], expected: readonly string[], tolerance: number): boolean {
  if (actual.length !== expected.length) return false;
  const left = [...actual].sort();
  const right = [...expected].sort();
  if (left.every((line, place) => line === right[place])) return true;
  if (tolerance === 0) return false;
  const free = left.map(words);
  let pairs = 0;
  for (const line of right.map(words)) {
    const place = free.findIndex((one) => ++pairs <= mostPairs && sameWords(one, line, tolerance));
    if (place < 0) return false;
    free.splice(place, 1);
  }
  return true;
}

/** One line for a human: the first place where the two differ. */
export function describeDifference(actual: string, expected: string): string {
  const got = normalLines(actual);
  const wanted = normalLines(expected);
  const place = wanted.findIndex((line, index) => got[index] !== line);
  const line = place < 0 ? wanted.length : place;
  return `line ${line + 1}: expected ${shown(wanted[line])}, got ${shown(got[line])}`;
}

function shown(line: string | undefined): string {
  if (line === undefined) return "nothing";
  return JSON.stringify(line.length > 80 ? `${line.slice(0, 80)}…` : line);
}
