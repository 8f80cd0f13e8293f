/** pass@k without bias: the chance that at least one of k samples is right, from n ≥ k samples with c right ones. */

/**
 * 1 − C(n − c, k) / C(n, k), as a product that stays in range (Chen et al. 2021, equation 1). Throws RangeError where
 * k is not 1 … n.
 */
export function passAtK(samples: number, correct: number, k: number): number {
  if (!Number.isInteger(k) || k < 1 || k > samples) {
    throw new RangeError(`pass@k: expected k from 1 to the ${samples} samples, got ${k}`);
  }
  if (samples - correct < k) return 1;
  let allWrong = 1;
  for (let index = samples - correct + 1; index <= samples; index++) allWrong *= 1 - k / index;
  return 1 - allWrong;
}

/** 1, 2, 4, … below n, and n. */
export function valuesOfK(samples: number): number[] {
  const values: number[] = [];
  for (let k = 1; k < samples; k *= 2) values.push(k);
  return samples < 1 ? values : [...values, samples];
}
