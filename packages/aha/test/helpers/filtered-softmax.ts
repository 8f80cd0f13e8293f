/** The distribution a sampler should draw from, in float64 and by the book: temperature, top-k, top-p, min-p. */

export interface Filters {
  readonly temperature: number;
  readonly topK: number; // 0: off
  readonly topP: number; // 1: off
  readonly minP: number; // 0: off
}

function softmax(logits: readonly number[]): number[] {
  const maximum = Math.max(...logits);
  const weights = logits.map((logit) => Math.exp(logit - maximum));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

/** Probabilities of all tokens, 0 for those left out; each filter sees what the one before it left. */
export function filteredSoftmax(logits: readonly number[], filters: Filters): number[] {
  const { temperature, topK, topP, minP } = filters;
  let scaled = logits.map((logit) => logit / temperature);
  const keep = (kept: (probability: number, index: number) => boolean): void => {
    const probabilities = softmax(scaled);
    scaled = scaled.map((value, index) =>
      kept(probabilities[index] as number, index) ? value : Number.NEGATIVE_INFINITY,
    );
  };
  const byWeight = (): number[] => {
    const probabilities = softmax(scaled);
    return probabilities
      .map((_, index) => index)
      .sort((a, b) => (probabilities[b] ?? 0) - (probabilities[a] ?? 0));
  };
  if (topK > 0) {
    const best = new Set(byWeight().slice(0, topK));
    keep((_, index) => best.has(index));
  }
  if (topP < 1) {
    const probabilities = softmax(scaled);
    const nucleus = new Set<number>();
    let mass = 0;
    for (const index of byWeight()) {
      if (mass >= topP) break;
      nucleus.add(index);
      mass += probabilities[index] as number;
    }
    keep((_, index) => nucleus.has(index));
  }
  if (minP > 0) {
    const most = Math.max(...softmax(scaled));
    keep((probability) => probability >= minP * most);
  }
  return softmax(scaled);
}

/** χ² of counts against probabilities and its degrees of freedom; outcomes expected less than 5 times stand together. */
export function chiSquare(
  counts: readonly number[],
  probabilities: readonly number[],
): { readonly statistic: number; readonly freedom: number } {
  const total = counts.reduce((sum, count) => sum + count, 0);
  let statistic = 0;
  let bins = 0;
  let rest = { count: 0, expected: 0 };
  counts.forEach((count, index) => {
    const expected = total * (probabilities[index] as number);
    if (expected < 5) {
      rest = { count: rest.count + count, expected: rest.expected + expected };
      return;
    }
    statistic += (count - expected) ** 2 / expected;
    bins++;
  });
  if (rest.expected > 0) {
    statistic += (rest.count - rest.expected) ** 2 / rest.expected;
    bins++;
  }
  return { statistic, freedom: bins - 1 };
}

/** Exceeded by chance once in ten thousand times (Wilson & Hilferty 1931's approximation). */
export function chiSquareLimit(freedom: number): number {
  const share = 2 / (9 * freedom);
  return freedom * (1 - share + 3.719 * Math.sqrt(share)) ** 3;
}
