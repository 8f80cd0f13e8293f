/** Whether a thought is fit to be shown and to be learned from: the filter of rejection sampling (R1 paper, §3.3). */
import { type LanguageConsistency, languageConsistency } from "../language/language-consistency.ts";
import { compressionRatio, repeatedRuns } from "./repetition.ts";

export type ReadabilityRule =
  | "mixed-language"
  | "long-paragraph"
  | "code-block"
  | "repeated-words"
  | "compressible";

/** The largest (for `languageShare` the smallest) value that is still readable. */
export interface ReadabilityLimits {
  /** Least share of the words in the target language, or in the most frequent one where none is given. */
  readonly languageShare: number;
  /** Most words between two line breaks. */
  readonly paragraphWords: number;
  /** Most fenced code blocks. */
  readonly codeBlocks: number;
  /** Most of the text's eight-word runs that occurred before, 0 … 1. */
  readonly repeatedRuns: number;
  /** Most times a stretch of 4,096 characters is larger than its deflated form. */
  readonly compressionRatio: number;
}

export interface ReadabilityOptions {
  /** The language to be kept to, as `languageConsistency` takes it; default: whichever the text has most of. */
  readonly language?: string;
  readonly limits?: Partial<ReadabilityLimits>;
}

export interface ReadabilityProblem {
  readonly rule: ReadabilityRule;
  readonly value: number;
  readonly limit: number;
  /** One line for a human. */
  readonly detail: string;
}

export interface ReadabilityCheck {
  readonly readable: boolean;
  readonly problems: readonly ReadabilityProblem[];
  readonly measures: Readonly<Record<keyof ReadabilityLimits, number>>;
}

/** The paper gives no numbers; these keep all but a few in a thousand of human-written solutions and sentences. */
export const readabilityLimits: ReadabilityLimits = {
  languageShare: 0.9,
  paragraphWords: 300,
  codeBlocks: 0,
  repeatedRuns: 0.2,
  compressionRatio: 5,
};

const runLength = 8;
/** The language of fewer words than this is not judged. */
const fewestWords = 20;

/**
 * Measures `text` and compares each number with its limit. Loads the language tables when first called. Linear in
 * the text. Throws UnknownLanguageError for the language.
 */
export async function checkReadability(
  text: string,
  options: ReadabilityOptions = {},
): Promise<ReadabilityCheck> {
  const limits = { ...readabilityLimits, ...options.limits };
  const measures = {
    languageShare: languageShare(await languageConsistency(text, options.language ?? "en"), options.language),
    paragraphWords: longestParagraph(text),
    codeBlocks: countCodeBlocks(text),
    repeatedRuns: repeatedRuns(text, runLength),
    compressionRatio: compressionRatio(text),
  };
  const problems: ReadabilityProblem[] = [];
  const compare = (
    rule: ReadabilityRule,
    measure: keyof ReadabilityLimits,
    describe: (value: string, limit: number) => string,
  ): void => {
    const [value, limit] = [measures[measure], limits[measure]];
    if (measure === "languageShare" ? value >= limit : value <= limit) return;
    const shown = Number.isInteger(value) ? String(value) : value.toFixed(3);
    problems.push({ rule, value, limit, detail: describe(shown, limit) });
  };
  const language = options.language ?? "one language";
  compare(
    "mixed-language",
    "languageShare",
    (value, limit) => `${value} of the words in ${language}, under ${limit}`,
  );
  compare(
    "long-paragraph",
    "paragraphWords",
    (value, limit) => `a paragraph of ${value} words, over ${limit}`,
  );
  compare("code-block", "codeBlocks", (value, limit) => `${value} code blocks, over ${limit}`);
  compare(
    "repeated-words",
    "repeatedRuns",
    (value, limit) => `${value} of the ${runLength}-word runs seen before, over ${limit}`,
  );
  compare(
    "compressible",
    "compressionRatio",
    (value, limit) => `a stretch deflates to 1/${value}, over 1/${limit}`,
  );
  return { readable: problems.length === 0, problems, measures };
}

function languageShare(found: LanguageConsistency, language: string | undefined): number {
  if (found.words < fewestWords) return 1;
  return language === undefined ? Math.max(...Object.values(found.byLanguage)) / found.words : found.ratio;
}

/** Most words of a line; Han characters and kana count two to a word. */
function longestParagraph(text: string): number {
  let longest = 0;
  for (const line of text.split("\n")) {
    const eastAsian = line.match(/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/gu)?.length ?? 0;
    const spaced = line.match(/[^\s\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]+/gu)?.length ?? 0;
    longest = Math.max(longest, Math.ceil(eastAsian / 2) + spaced);
  }
  return longest;
}

/** Fences that open a block; one that is never closed counts. */
function countCodeBlocks(text: string): number {
  let blocks = 0;
  let fence = "";
  for (const line of text.split("\n")) {
    const mark = /^[ \t]{0,8}(`{3,}|~{3,})/.exec(line)?.[1];
    if (mark === undefined) continue;
    if (fence === "") {
      blocks++;
      fence = mark;
    } else if (mark.startsWith(fence)) fence = "";
  }
  return blocks;
}
