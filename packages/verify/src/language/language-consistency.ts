/** Language consistency: the share of the target language's words among all words (R1 paper, §3.2's language reward). */
import { labelText } from "./label-text.ts";
import { languageCode } from "./language-code.ts";
import { createWordEvidence, type NgramDetector, type WordEvidence } from "./word-evidence.ts";

export interface LanguageConsistency {
  /** targetWords / words, 0 … 1; 0 where there is no word at all. */
  readonly ratio: number;
  readonly targetWords: number;
  /** Code, formulas, numbers, addresses and names of variables are no words. */
  readonly words: number;
  /** Words of each language (ISO 639-1), most frequent first. */
  readonly byLanguage: Readonly<Record<string, number>>;
}

let loading: Promise<WordEvidence> | undefined;

/** eld's tables take a second and some memory to load, so they are loaded once, when first asked for. */
export function loadWordEvidence(): Promise<WordEvidence> {
  loading ??= import("eld/large").then(({ eld }) => createWordEvidence(eld satisfies NgramDetector));
  return loading;
}

/**
 * How much of `text` is in the language `target` (a code such as `en` or `zh-CN`). Loads the word tables when
 * first called. Linear in the text; never throws for any text. Throws UnknownLanguageError for the target.
 */
export async function languageConsistency(text: string, target: string): Promise<LanguageConsistency> {
  const language = languageCode(target);
  return countLanguages(text, language, await loadWordEvidence());
}

/** `languageConsistency` with the tables at hand. */
export function countLanguages(text: string, target: string, evidence: WordEvidence): LanguageConsistency {
  const counts = new Map<string, number>();
  let words = 0;
  for (const { language } of labelText(text, target, evidence)) {
    counts.set(language, (counts.get(language) ?? 0) + 1);
    words++;
  }
  const targetWords = counts.get(target) ?? 0;
  return {
    ratio: words === 0 ? 0 : targetWords / words,
    targetWords,
    words,
    byLanguage: Object.fromEntries([...counts].sort(([, a], [, b]) => b - a)),
  };
}
