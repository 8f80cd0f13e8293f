/**
 * Advantages within a group of completions of one question.
 *
 * DeepSeekMath §4.1.2 and DeepSeek-R1 eq. 3: A_i = (r_i − mean(r)) / std(r). The deviation is the sample's (over n − 1),
 * as TRL computes it; the paper does not say. A group whose rewards are all equal has no signal: its advantages are
 * exactly 0 and the caller counts it.
 */

export type AdvantageForm = (rewards: readonly number[]) => number[];

/** True where a group's rewards are all the same: no completion is better than another. */
export function hasNoSignal(rewards: readonly number[]): boolean {
  return rewards.every((reward) => reward === rewards[0]);
}

function centre(rewards: readonly number[]): number[] {
  if (hasNoSignal(rewards)) return rewards.map(() => 0);
  const mean = rewards.reduce((sum, reward) => sum + reward, 0) / rewards.length;
  return rewards.map((reward) => reward - mean);
}

function deviation(centred: readonly number[], correction: 0 | 1): number {
  const squares = centred.reduce((sum, value) => sum + value * value, 0);
  return Math.sqrt(squares / (centred.length - correction));
}

/** (r − mean) / std, the deviation over n − `correction`. No epsilon: equal rewards are handled apart. */
export function groupStandardised(rewards: readonly number[], correction: 0 | 1 = 1): number[] {
  const centred = centre(rewards);
  if (hasNoSignal(rewards)) return centred;
  const scale = deviation(centred, correction);
  return centred.map((value) => value / scale);
}

/** r − mean: Dr. GRPO (Liu et al. 2025), which does not weigh easy and hard questions up. */
export function meanCentred(rewards: readonly number[]): number[] {
  return centre(rewards);
}
