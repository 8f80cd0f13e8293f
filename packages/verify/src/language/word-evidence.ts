/** How strongly a single word speaks for each of the languages that share a script, by eld's n-grams. */
import { languagesOfScript, type Script } from "./script.ts";

/** What this file needs of eld (the package's own types do not tell its two faces apart). */
export interface NgramDetector {
  detect(text: string): { getScores(): Record<string, number> };
}

/** Logarithms of the probability of each of the script's languages (in their order there) for one word. */
export type WordEvidence = (word: string, script: Script) => Float64Array;

/** One step of eld's summed score as a log-likelihood; fitted on mixes of English and German. */
const sharpness = 0.035;
/** The least probability any language keeps: one word never decides alone. */
const leastProbability = 0.0001;
/** Words are remembered up to this many, then forgotten together. */
const mostRemembered = 50_000;

/** A reader of words over `detector`; it remembers what it has read, and nothing else. */
export function createWordEvidence(detector: NgramDetector): WordEvidence {
  const remembered = new Map<string, Float64Array>();
  return (word, script) => {
    const key = word.toLowerCase();
    const known = remembered.get(key);
    if (known !== undefined) return known;
    if (remembered.size >= mostRemembered) remembered.clear();
    const evidence = readEvidence(detector, key, languagesOfScript[script]);
    if (key.length <= 40) remembered.set(key, evidence);
    return evidence;
  };
}

function readEvidence(detector: NgramDetector, word: string, languages: readonly string[]): Float64Array {
  const scores = detector.detect(word).getScores();
  const ngrams = ngramCount(word);
  const sums = languages.map((language) => sharpness * ngrams * meanScore(scores[language] ?? 0));
  const largest = Math.max(...sums);
  const weights = sums.map((sum) => Math.exp(sum - largest));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return Float64Array.from(weights, (weight) =>
    Math.log(leastProbability + (1 - leastProbability * weights.length) * (weight / total)),
  );
}

/** eld shows the mean score m of a text's n-grams as m / (m + 25). */
function meanScore(shown: number): number {
  return shown >= 1 ? 0 : (25 * shown) / (1 - shown);
}

/** How many n-grams eld reads in a word: four bytes at every third, and the last four. */
function ngramCount(word: string): number {
  const bytes = Math.min(70, Buffer.byteLength(word, "utf8"));
  return bytes > 4 ? Math.ceil((bytes - 4) / 3) + 1 : 1;
}
