/**
 * PPO's reward of each token: the completion's reward at its last token, less the per-token penalty for leaving the reference
 * (Ouyang et al. 2022; DeepSeekMath §4.1.1): r_t = [t = T] R − β (log π_old(o_t) − log π_ref(o_t)).
 *
 * GRPO has the KL term in its loss instead. In the reward it adds up over tokens, so that it penalises length (DeepSeek-R1,
 * A.3).
 */

/** The rewards by token; without reference log-probabilities there is no penalty. */
export function tokenRewards(
  reward: number,
  old: ArrayLike<number>,
  reference: ArrayLike<number> | null,
  klCoefficient: number,
): Float32Array {
  const rewards = new Float32Array(old.length);
  if (reference !== null) {
    for (let token = 0; token < rewards.length; token++) {
      rewards[token] = -klCoefficient * ((old[token] as number) - (reference[token] as number));
    }
  }
  if (rewards.length > 0) rewards[rewards.length - 1] = (rewards.at(-1) as number) + reward;
  return rewards;
}
