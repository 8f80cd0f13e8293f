/** Whether two bare answers are the same, and which comparison decided. */

import { compareAnswers } from "./compare-answers.ts";
import type { Comparison } from "./compare-expressions.ts";
import { type MathOptions, type ResolvedMathOptions, resolveOptions } from "./options.ts";
import { type ParsedAnswer, parseAnswer } from "./parse-answer.ts";

/** Without spaces, `\text` and braces, which never carry meaning between identical remainders. */
const bare = (normalised: string): string => {
  const words = normalised.replace(/\\text ?\{([^{}]*)\}/g, "$1");
  // A space between two digits is kept: `3 4` is not 34.
  return words.replace(/(?<!\d) | (?!\d)/g, "");
};

/** A lettered choice followed by its content: `(C) 15` answers `C`. */
const CHOICE_WITH_CONTENT = /^(?:\\text ?\{ ?)?\(? ?([A-Z]) ?[).:] ?\}? ?(.+)$/;
/** Another letter that could be a choice, or a word that joins or denies: then nothing was chosen. */
const SECOND_CHOICE = /(?<![A-Za-z\\])[A-J](?![A-Za-z])|\\(?:and|or)\b|\bnot\b|\//;

/** The comparison of answers already parsed: the gold first. */
export const compareParsed = (
  gold: ParsedAnswer,
  given: ParsedAnswer,
  options: ResolvedMathOptions,
): Comparison => {
  if (bare(gold.normalised) === bare(given.normalised)) return { equal: true, how: "same text" };
  if (gold.answer === null || given.answer === null) {
    const which = given.answer === null ? "the answer" : "the gold";
    return chosenLetter(gold, given) ?? { equal: false, how: `${which} cannot be read` };
  }
  const verdict = compareAnswers(gold.answer, given.answer, options);
  if (verdict.equal) return verdict;
  if (given.alternative !== null && compareAnswers(gold.answer, given.alternative, options).equal)
    return { equal: true, how: "a list without spaces" };
  return chosenLetter(gold, given) ?? verdict;
};

const chosenLetter = (gold: ParsedAnswer, given: ParsedAnswer): Comparison | null => {
  if (gold.answer?.kind !== "text" || !gold.answer.letter) return null;
  const [, letter, content] = CHOICE_WITH_CONTENT.exec(given.normalised) ?? [];
  if (letter === undefined || content === undefined || SECOND_CHOICE.test(content)) return null;
  return letter === gold.answer.words.toUpperCase() ? { equal: true, how: "the letter of a choice" } : null;
};

/** Whether two bare answers are equivalent; false also where either is empty or too long. The gold comes first. */
export const areEquivalent = (gold: string, given: string, options: MathOptions = {}): boolean => {
  const [first, second] = [parseAnswer(gold), parseAnswer(given)];
  return first !== null && second !== null && compareParsed(first, second, resolveOptions(options)).equal;
};
