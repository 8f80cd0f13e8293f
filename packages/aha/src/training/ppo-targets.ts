/** From a step's rewards to PPO's advantages by token and the value model's targets. */
import { generalisedAdvantages, whitened } from "../algorithms/gae.ts";
import { tokenRewards } from "../algorithms/token-rewards.ts";
import type { ReinforcementRecipe } from "../recipe/reinforcement-schema.ts";
import { mean } from "./mean.ts";
import type { TrainingSequence } from "./training-sequence.ts";
import type { ValueTarget } from "./value-update.ts";

export interface PpoTargets {
  /** The sequences with an advantage for each token, in their order. */
  readonly byGroup: readonly (readonly TrainingSequence[])[];
  readonly targets: ReadonlyMap<TrainingSequence, ValueTarget>;
  readonly metrics: Readonly<Record<string, number>>;
}

/**
 * `values` and `reference` (null at β = 0) are log-probabilities and values of `byGroup`'s sequences, `rewards` their rewards.
 * `kl` is k3 by token, as GRPO reports it of the policy before its update.
 */
export function ppoTargets(
  byGroup: readonly (readonly TrainingSequence[])[],
  rewards: readonly (readonly number[])[],
  values: ReadonlyMap<TrainingSequence, Float32Array>,
  reference: ReadonlyMap<TrainingSequence, Float32Array> | null,
  { ppo, klCoefficient }: Pick<ReinforcementRecipe["rl"], "ppo" | "klCoefficient">,
): PpoTargets {
  const sequences = byGroup.flat();
  const scores = rewards.flat();
  const estimates = sequences.map((sequence, index) => {
    const old = values.get(sequence) as Float32Array;
    const known = reference?.get(sequence) ?? null;
    const byToken = tokenRewards(scores[index] as number, sequence.oldLogProbabilities, known, klCoefficient);
    return { old, ...generalisedAdvantages(byToken, old, ppo) };
  });
  const raw = estimates.map(({ advantages }) => advantages);
  const advantages = ppo.whitenAdvantages ? whitened(raw) : raw;
  const targets = new Map<TrainingSequence, ValueTarget>();
  let position = 0;
  const estimated = byGroup.map((group) =>
    group.map((sequence) => {
      const { old, returns } = estimates[position] as (typeof estimates)[number];
      const learnt = { ...sequence, advantage: advantages[position] as Float32Array };
      targets.set(learnt, { old, returns });
      position++;
      return learnt;
    }),
  );
  const kl = reference === null ? {} : { kl: meanK3(sequences, reference) };
  return { byGroup: estimated, targets, metrics: { ...valueMetrics([...targets.values()]), ...kl } };
}

/** The mean value and return, and the share of the returns' variance that the values explain. */
function valueMetrics(targets: readonly ValueTarget[]): Record<string, number> {
  const values = targets.flatMap(({ old }) => [...old]);
  const returns = targets.flatMap((target) => [...target.returns]);
  const spread = variance(returns);
  const left = variance(returns.map((value, index) => value - (values[index] as number)));
  return {
    "value/mean": mean(values),
    "value/return": mean(returns),
    "value/explained_variance": spread === 0 ? 0 : 1 - left / spread,
  };
}

function variance(numbers: readonly number[]): number {
  const centre = mean(numbers);
  return mean(numbers.map((value) => (value - centre) ** 2));
}

function meanK3(
  sequences: readonly TrainingSequence[],
  reference: ReadonlyMap<TrainingSequence, Float32Array>,
): number {
  let [sum, tokens] = [0, 0];
  for (const sequence of sequences) {
    reference.get(sequence)?.forEach((known, token) => {
      const difference = known - (sequence.oldLogProbabilities[token] as number);
      sum += Math.exp(difference) - difference - 1;
      tokens++;
    });
  }
  return sum / Math.max(1, tokens);
}
