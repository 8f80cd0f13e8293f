/**
 * How per-token losses become one number: every form is a weight for each token, so the loss is Σ w_t ℓ_t.
 *
 * sequence-mean  w = 1 / (sequences · |o_i|)       DeepSeekMath eq. 3: mean over a sequence, then over sequences
 * token-mean     w = 1 / Σ|o_i|                    DAPO (Yu et al. 2025) eq. 8
 * constant       w = 1 / (sequences · maxLength)   Dr. GRPO (Liu et al. 2025): no length in the denominator
 */

/** Weight of each token of each sequence, from the sequences' scored lengths. */
export type LossForm = (lengths: readonly number[], maximumLength: number) => number[];

export const sequenceMean: LossForm = (lengths) =>
  lengths.map((length) => (length === 0 ? 0 : 1 / (lengths.length * length)));

export const tokenMean: LossForm = (lengths) => {
  const tokens = lengths.reduce((sum, length) => sum + length, 0);
  return lengths.map((length) => (length === 0 ? 0 : 1 / tokens));
};

export const constantLength: LossForm = (lengths, maximumLength) =>
  lengths.map((length) => (length === 0 ? 0 : 1 / (lengths.length * maximumLength)));
