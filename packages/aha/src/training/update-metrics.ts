/** A step's metrics from its policy updates: means over the updates, extremes over all of them. */
import { expertMetrics } from "./expert-metrics.ts";
import { mean } from "./mean.ts";
import type { PolicyUpdateResult } from "./policy-update.ts";
import type { ValueUpdateResult } from "./value-update.ts";

/** Named as TRL's GRPO names them. */
export function updateMetrics(updates: readonly PolicyUpdateResult[]): Record<string, number> {
  const over = (pick: (update: PolicyUpdateResult) => number): number[] => updates.map(pick);
  const low = over(({ clippedLow }) => clippedLow);
  const high = over(({ clippedHigh }) => clippedHigh);
  const kl = updates.flatMap((update) => update.kl ?? []);
  return {
    loss: mean(over(({ loss }) => loss)),
    grad_norm: mean(over(({ gradientNorm }) => gradientNorm)),
    entropy: mean(over(({ entropy }) => entropy)),
    ...(kl.length > 0 ? { kl: mean(kl) } : {}),
    "clip_ratio/low_mean": mean(low),
    "clip_ratio/low_min": Math.min(...low),
    "clip_ratio/high_mean": mean(high),
    "clip_ratio/high_max": Math.max(...high),
    "clip_ratio/region_mean": mean(low.map((value, index) => value + (high[index] as number))),
    "sampling/sampling_logp_difference/mean": mean(over((update) => update.logProbabilityDifference.mean)),
    "sampling/sampling_logp_difference/max": Math.max(
      ...over((update) => update.logProbabilityDifference.max),
    ),
    "sampling/importance_sampling_ratio/min": Math.min(...over(({ ratio }) => ratio.min)),
    "sampling/importance_sampling_ratio/mean": mean(over(({ ratio }) => ratio.mean)),
    "sampling/importance_sampling_ratio/max": Math.max(...over(({ ratio }) => ratio.max)),
    ...expertMetrics(updates.map(({ experts }) => experts)),
    skipped_updates: updates.filter(({ applied }) => !applied).length,
  };
}

/** Of PPO's value model. */
export function valueUpdateMetrics(updates: readonly ValueUpdateResult[]): Record<string, number> {
  return {
    "value/loss": mean(updates.map(({ loss }) => loss)),
    "value/grad_norm": mean(updates.map(({ gradientNorm }) => gradientNorm)),
    "value/clip_ratio": mean(updates.map(({ clipped }) => clipped)),
  };
}
