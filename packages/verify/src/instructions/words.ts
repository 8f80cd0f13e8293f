/** Counts words as IFEval does: NLTK's `RegexpTokenizer(r"\w+")`. */
import { countMatches, pythonWordClass } from "./python-text.ts";

const word = new RegExp(`[${pythonWordClass}]+`, "gu");

/** The number of runs of word characters: `don't` is two. */
export function countWords(text: string): number {
  return countMatches(text, word);
}
