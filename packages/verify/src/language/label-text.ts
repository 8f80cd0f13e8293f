/** The language of every word of a text: by script, and by words and neighbours where languages share a script. */
import { labelEastAsian } from "./east-asian.ts";
import { type ChainWord, labelWords } from "./label-words.ts";
import { languageShares } from "./language-shares.ts";
import { languagesOfScript, type Script } from "./script.ts";
import type { WordEvidence } from "./word-evidence.ts";
import { readWords, type Word } from "./words.ts";

export interface LabelledWord {
  readonly text: string;
  /** ISO 639-1, or `other` for a script of none of the known languages. */
  readonly language: string;
}

/**
 * What a change of language costs in nats, besides the rarity of the language changed to: dearest within a phrase.
 * Fitted, with `word-evidence.ts` and `language-shares.ts`, on mixes of English and German by sentences, by
 * phrases and by single words.
 */
const changeCosts: Readonly<Record<Word["boundary"], number>> = { none: 2, phrase: 1.5, sentence: 1 };
/** A language is taken to be in a text with at least this many different words (or half of a very short text). */
const leastWords = 4;

/** Single letters that are words. Elsewhere, and in other languages, a single letter is the name of a variable. */
const singleLetterWords: Readonly<Record<string, string>> = {
  en: "aAI",
  es: "aeouyAEOUY",
  fr: "aàyAÀYÔ",
  it: "aeèioAEÈIO",
  pt: "aàeéoAÀEÉO",
  ca: "aeioyAEIOY",
  pl: "aiouwzAIOUWZ",
  cs: "aikosuvzAIKOSUVZ",
  sk: "aikosuvzAIKOSUVZ",
  sl: "aioskvzAIOSKVZ",
  hr: "aioksuAIOKSU",
  hu: "aőAŐ",
  sv: "iåöIÅÖ",
  da: "iåIÅ",
  no: "iåIÅ",
  ro: "aoAO",
  sq: "eiEI",
};

/** Every word that counts, with its language. `target` is believed a little beforehand. Linear in the text. */
export function labelText(text: string, target: string, evidence: WordEvidence): LabelledWord[] {
  const words = readWords(text);
  const languages = words.map(({ script }) => languagesOfScript[script][0] as string);
  labelEastAsian(words, languages, target);
  for (const script of ["latin", "cyrillic", "arabic", "devanagari"] as const) {
    labelScript(words, languages, script, target, evidence);
  }
  return words.flatMap(({ text, single, script }, index) => {
    if (single && (script === "greek" || !isSingleLetterWord(words, languages, index))) return [];
    return [{ text, language: languages[index] as string }];
  });
}

/** Writes the languages of one script's words into `languages`. */
function labelScript(
  words: readonly Word[],
  languages: string[],
  script: Script,
  target: string,
  evidence: WordEvidence,
): void {
  const candidates = languagesOfScript[script];
  const chain: ChainWord[] = [];
  const places: number[] = [];
  let boundary: Word["boundary"] = "sentence";
  for (const [index, word] of words.entries()) {
    if (word.boundary === "sentence" || boundary === "none") boundary = word.boundary;
    if (word.script !== script) boundary = boundary === "sentence" ? boundary : "phrase";
    else if (!word.single) {
      chain.push({ evidence: evidence(word.text, script), changeCost: changeCosts[boundary] });
      places.push(index);
      boundary = "none";
    }
  }
  const shares = languageShares(
    chain.map(({ evidence }) => evidence),
    candidates.length,
    Math.max(0, candidates.indexOf(target)),
  );
  let labels = labelWords(chain, shares.map(Math.log));
  const texts = places.map((index) => (words[index] as Word).text.toLowerCase());
  const strays = strayLanguages(texts, labels, candidates.indexOf(target));
  if (strays.length > 0) {
    for (const language of strays) shares[language] = Number.MIN_VALUE;
    labels = labelWords(chain, shares.map(Math.log));
  }
  for (const [position, index] of places.entries()) {
    languages[index] = candidates[labels[position] as number] as string;
  }
}

/** Languages found for a few different words only: names mostly, better counted with the words around them. */
function strayLanguages(texts: readonly string[], labels: Uint8Array, target: number): number[] {
  const wordsOf = new Map<number, Set<string>>();
  for (const [position, label] of labels.entries()) {
    const seen = wordsOf.get(label) ?? new Set();
    if (seen.size < leastWords) wordsOf.set(label, seen.add(texts[position] as string));
  }
  const least = Math.min(leastWords, new Set(texts.slice(0, 2 * leastWords)).size / 2);
  return [...wordsOf].flatMap(([label, seen]) => (seen.size < least && label !== target ? [label] : []));
}

/** A single letter is a word where a neighbour in the same phrase is of a language that has it as a word. */
function isSingleLetterWord(words: readonly Word[], languages: string[], index: number): boolean {
  const word = words[index] as Word;
  const before = word.boundary === "none" ? words[index - 1] : undefined;
  const after = words[index + 1]?.boundary === "none" ? words[index + 1] : undefined;
  for (const [neighbour, at] of [
    [after, index + 1],
    [before, index - 1],
  ] as const) {
    if (neighbour === undefined || neighbour.single || neighbour.script !== "latin") continue;
    const language = languages[at] as string;
    if (singleLetterWords[language]?.includes(word.text)) {
      languages[index] = language;
      return true;
    }
  }
  return false;
}
