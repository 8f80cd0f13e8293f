/** Finds the most probable language of each word of a chain: neighbours mostly share theirs (Viterbi's algorithm). */

export interface ChainWord {
  /** Log-probability of each language for this word alone: [languages]. */
  readonly evidence: Float64Array;
  /** What a change of language before this word costs, in nats. */
  readonly changeCost: number;
}

/**
 * The index of each word's language: the path that maximises Σ evidence − Σ (cost of each change − `prior` of the
 * language changed to). `prior` holds log-probabilities: [languages]. Linear in words × languages.
 */
export function labelWords(words: readonly ChainWord[], prior: Float64Array): Uint8Array {
  const count = prior.length;
  const labels = new Uint8Array(words.length);
  if (words.length === 0) return labels;
  const previous = new Uint8Array(words.length * count);
  let scores = Float64Array.from(prior);
  let next = new Float64Array(count);
  for (let position = 0; position < words.length; position++) {
    const { evidence, changeCost } = words[position] as ChainWord;
    const best = indexOfLargest(scores);
    const changed = position > 0 ? (scores[best] as number) - changeCost : Number.NEGATIVE_INFINITY;
    for (let language = 0; language < count; language++) {
      const stay = scores[language] as number;
      const change = changed + (prior[language] as number);
      const changes = change > stay;
      previous[position * count + language] = changes ? best : language;
      next[language] = (changes ? change : stay) + (evidence[language] as number);
    }
    [scores, next] = [next, scores];
  }
  let label = indexOfLargest(scores);
  for (let position = words.length - 1; position >= 0; position--) {
    labels[position] = label;
    label = previous[position * count + label] as number;
  }
  return labels;
}

function indexOfLargest(values: Float64Array): number {
  let best = 0;
  for (let index = 1; index < values.length; index++) {
    if ((values[index] as number) > (values[best] as number)) best = index;
  }
  return best;
}
