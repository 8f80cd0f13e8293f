/** IFEval's checks of single words and letters. A keyword is literal text: the published code takes it as a pattern. */
import { compareCount } from "../instruction-arguments.ts";
import { countOccurrences, foldCase, isWordAt, isWordBefore } from "../python-text.ts";
import type { CheckKind } from "./check-kind.ts";

/** Every keyword occurs, case ignored, inside other words too. */
export const existence: CheckKind = {
  names: ["keywords"],
  make(given) {
    const keywords = given.texts("keywords").map((text) => ({ text, folded: foldCase(text) }));
    return (response) => {
      const folded = foldCase(response);
      const missing = keywords.filter((keyword) => !folded.includes(keyword.folded)).map(({ text }) => text);
      return {
        followed: missing.length === 0,
        found: missing.length === 0 ? "every keyword is there" : `missing: ${missing.join(", ")}`,
      };
    };
  },
};

/** How often a keyword occurs, case ignored, inside other words too. */
export const frequency: CheckKind = {
  names: ["keyword", "frequency", "relation"],
  make(given) {
    const keyword = given.text("keyword").trim();
    const wanted = given.count("frequency");
    const relation = given.relation("relation");
    const folded = foldCase(keyword);
    return (response) =>
      compareCount(countOccurrences(foldCase(response), folded), relation, wanted, `× "${keyword}"`);
  },
};

/** None of the words occurs as a whole word, case ignored. */
export const forbiddenWords: CheckKind = {
  names: ["forbidden_words"],
  make(given) {
    const words = given.texts("forbidden_words");
    return (response) => {
      const folded = foldCase(response);
      const used = words.filter((word) => occursBetweenBoundaries(response, folded, word));
      return {
        followed: used.length === 0,
        found: used.length === 0 ? "no forbidden word" : `has: ${used.join(", ")}`,
      };
    };
  },
};

/** How often a letter occurs, case ignored. The published code draws a random letter where one outside a–z is asked. */
export const letterFrequency: CheckKind = {
  names: ["letter", "let_frequency", "let_relation"],
  make(given) {
    const letter = given.letter("letter");
    const wanted = given.count("let_frequency");
    const relation = given.relation("let_relation");
    return (response) =>
      compareCount(countOccurrences(response.toLowerCase(), letter), relation, wanted, `× "${letter}"`);
  },
};

/** `\b…\b`: at either end, one side is a word character and the other is not. */
function occursBetweenBoundaries(response: string, folded: string, word: string): boolean {
  const part = foldCase(word);
  const startsWithWord = isWordAt(word, 0);
  const endsWithWord = isWordBefore(word, word.length);
  for (let index = folded.indexOf(part); index >= 0; index = folded.indexOf(part, index + 1)) {
    const atStart = isWordBefore(response, index) !== startsWithWord;
    if (atStart && isWordAt(response, index + part.length) !== endsWithWord) return true;
  }
  return false;
}
