/** IFEval's checks of how much there is: words, sentences, paragraphs. */

import { InstructionError } from "../instruction.ts";
import { compareCount } from "../instruction-arguments.ts";
import { isBlank, isSpaceAt, strip, stripStart } from "../python-text.ts";
import { splitSentences } from "../sentences.ts";
import { countWords } from "../words.ts";
import type { CheckKind } from "./check-kind.ts";

export const numberOfSentences: CheckKind = {
  names: ["num_sentences", "relation"],
  make(given) {
    const wanted = given.count("num_sentences");
    const relation = given.relation("relation");
    return (response) => compareCount(splitSentences(response).length, relation, wanted, "sentences");
  },
};

export const numberOfWords: CheckKind = {
  names: ["num_words", "relation"],
  make(given) {
    const wanted = given.count("num_words");
    const relation = given.relation("relation");
    return (response) => compareCount(countWords(response), relation, wanted, "words");
  },
};

/** Exactly so many paragraphs divided by `***`; a blank one counts as a failure, except first and last. */
export const numberOfParagraphs: CheckKind = {
  names: ["num_paragraphs"],
  make(given) {
    const wanted = given.count("num_paragraphs");
    return (response) => {
      const paragraphs = response.split("***");
      const last = paragraphs.length - 1;
      const blank = paragraphs.flatMap((paragraph, index) => (isBlank(paragraph) ? [index] : []));
      if (blank.some((index) => index !== 0 && index !== last)) {
        return { followed: false, found: "a blank paragraph between two dividers" };
      }
      const count = paragraphs.length - blank.length;
      return {
        followed: count === wanted,
        found: `${count} paragraphs divided by ***, exactly ${wanted} wanted`,
      };
    };
  },
};

/**
 * Exactly so many paragraphs divided by a blank line, the nth of which begins with a word. As published, blank
 * pieces are left out of the count but not out of the numbering, and the word ends at its first punctuation.
 */
export const nthParagraphFirstWord: CheckKind = {
  names: ["num_paragraphs", "nth_paragraph", "first_word"],
  make(given) {
    const wanted = given.count("num_paragraphs", 1);
    const nth = given.count("nth_paragraph", 1);
    const firstWord = given.text("first_word").toLowerCase();
    if (nth > wanted) {
      throw new InstructionError(
        `length_constraints:nth_paragraph_first_word: nth_paragraph is ${nth}, beyond num_paragraphs ${wanted}. ` +
          "Correct one of them in the row's kwargs.",
      );
    }
    return (response) => {
      const paragraphs = response.split("\n\n");
      const count = paragraphs.filter((paragraph) => !isBlank(paragraph)).length;
      const found = firstWordOf(paragraphs[nth - 1] ?? "");
      return {
        followed: count === wanted && found === firstWord,
        found: `${count} paragraphs, the first word of paragraph ${nth} is "${found.slice(0, 40)}"`,
      };
    };
  },
};

function firstWordOf(paragraph: string): string {
  const text = strip(paragraph);
  let end = 0;
  while (end < text.length && !isSpaceAt(text, end)) end++;
  const word = stripStart(stripStart(text.slice(0, end), "'"), '"');
  const stop = word.search(/[.,?!'"]/);
  return Array.from(stop < 0 ? word : word.slice(0, stop), (letter) => letter.toLowerCase()).join("");
}
