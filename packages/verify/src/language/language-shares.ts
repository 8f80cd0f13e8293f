/** Estimates each language's share of a text from its words' evidence alone, neighbours aside. */

/** How many words' worth of belief the favoured language has beforehand, and all of them together. */
const favouredWords = 15;
const allWords = 0.02;
/** No language's share falls below this. */
const leastShare = 1e-5;
/** A language whose share falls below this is no longer followed. */
const negligibleShare = 1e-4;
const rounds = 12;

/**
 * Expectation maximisation of a mixture whose components are the languages. `evidence` holds each word's
 * log-probabilities [words][languages]; the shares [languages] sum to about 1. A language without a place of its
 * own in the text ends near nothing, so that a name that looks like its words does not bring it in.
 */
export function languageShares(
  evidence: readonly Float64Array[],
  languages: number,
  favoured: number,
): Float64Array {
  // Equal words say the same each time, so each is looked at once, with its count.
  const counts = new Map<Float64Array, number>();
  for (const one of evidence) counts.set(one, (counts.get(one) ?? 0) + 1);
  const probabilities = [...counts].map(([one, count]) => ({ count, of: one.map(Math.exp) }));
  const shares = new Float64Array(languages).fill(0.5 / languages);
  shares[favoured] = (shares[favoured] as number) + 0.5;
  // A language that has fallen to nothing does not come back, so the rounds grow shorter.
  let alive = Uint8Array.from(shares.keys());
  const next = new Float64Array(languages);
  for (let round = 0; round < rounds; round++) {
    next.fill(allWords / languages);
    next[favoured] = (next[favoured] as number) + favouredWords;
    for (const { count, of } of probabilities) {
      let total = 0;
      for (const language of alive) total += (of[language] as number) * (shares[language] as number);
      const scale = count / total;
      for (const language of alive) {
        next[language] =
          (next[language] as number) + scale * (of[language] as number) * (shares[language] as number);
      }
    }
    const total = evidence.length + favouredWords + allWords;
    for (const language of alive) {
      shares[language] = Math.max(leastShare, (next[language] as number) / total);
    }
    alive = alive.filter(
      (language) => language === favoured || (shares[language] as number) > negligibleShare,
    );
  }
  return shares;
}
