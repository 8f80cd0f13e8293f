/**
 * Generalised advantage estimation (Schulman et al. 2016, eq. 16), as PPO uses it on the tokens of one completion.
 *
 * δ_t = r_t + γ V_{t+1} − V_t,  A_t = Σ_k (γλ)^k δ_{t+k}. V_t is the value of what stands before token t; a completion is an
 * episode, so V after its last token is 0, also where it was cut off: its reward is final. λ = 1 gives the return minus the
 * value, λ = 0 the one-step error.
 */

export interface AdvantageEstimate {
  readonly advantages: Float32Array; // [tokens]
  /** A_t + V_t: what the value model is to learn. */
  readonly returns: Float32Array; // [tokens]
}

/** `rewards` and `values` by token; throws RangeError where their numbers differ. Sums are taken in float64. */
export function generalisedAdvantages(
  rewards: ArrayLike<number>,
  values: ArrayLike<number>,
  { discount, lambda }: { readonly discount: number; readonly lambda: number },
): AdvantageEstimate {
  if (rewards.length !== values.length) {
    throw new RangeError(`expected a value for each of ${rewards.length} rewards, got ${values.length}`);
  }
  const advantages = new Float32Array(rewards.length);
  const returns = new Float32Array(rewards.length);
  let advantage = 0;
  let next = 0;
  for (let token = rewards.length - 1; token >= 0; token--) {
    const value = values[token] as number;
    const error = (rewards[token] as number) + discount * next - value;
    advantage = error + discount * lambda * advantage;
    advantages[token] = advantage;
    returns[token] = advantage + value;
    next = value;
  }
  return { advantages, returns };
}

/** Shifted and scaled to mean 0 and standard deviation 1 over all tokens of all completions (over n − 1); all equal: 0. */
export function whitened(all: readonly Float32Array[]): Float32Array[] {
  const count = all.reduce((sum, { length }) => sum + length, 0);
  const total = (pick: (value: number) => number): number =>
    all.reduce((sum, values) => sum + values.reduce((part, value) => part + pick(value), 0), 0);
  const mean = total((value) => value) / Math.max(1, count);
  const deviation = Math.sqrt(total((value) => (value - mean) ** 2) / Math.max(1, count - 1));
  return all.map((values) => values.map((value) => (deviation === 0 ? 0 : (value - mean) / deviation)));
}
