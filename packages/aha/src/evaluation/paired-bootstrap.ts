/** The mean of paired differences with a bootstrap interval, and how likely it is under no difference. */
import { deriveSeed, randomStream } from "../rollout/seeds.ts";
import { mean } from "../training/mean.ts";

export interface PairedDifference {
  readonly difference: number;
  /** 95 % interval, by resampling questions (percentiles). */
  readonly low: number;
  readonly high: number;
  /** Two-sided: the share of sign flips whose mean is as far from 0 (Fisher's randomisation test, sampled). */
  readonly probability: number;
}

/** The same for the same seed. No differences: 0 within [0, 0], probability 1. */
export function pairedBootstrap(
  differences: readonly number[],
  seed: number,
  resamples: number,
): PairedDifference {
  const count = differences.length;
  const difference = mean(differences);
  if (count === 0) return { difference, low: 0, high: 0, probability: 1 };
  const random = randomStream(deriveSeed(seed, "paired bootstrap"));
  const means = new Float64Array(resamples);
  // As far but for rounding counts: a flip that restores the sample itself must.
  const far = Math.abs(difference) * count - 1e-9;
  let extreme = 0;
  for (let resample = 0; resample < resamples; resample++) {
    let sum = 0;
    let flipped = 0;
    for (let index = 0; index < count; index++) {
      sum += differences[Math.floor(random() * count)] as number;
      flipped += random() < 0.5 ? (differences[index] as number) : -(differences[index] as number);
    }
    means[resample] = sum / count;
    if (Math.abs(flipped) >= far) extreme += 1;
  }
  means.sort();
  const quantile = (share: number): number => means[Math.round(share * (resamples - 1))] as number;
  return {
    difference,
    low: quantile(0.025),
    high: quantile(0.975),
    // The sample itself is one of the flips: the p-value is never 0.
    probability: (extreme + 1) / (resamples + 1),
  };
}
