/**
 * Watches for reward hacking: a model's reward that rises on held-out questions while the rules' accuracy falls (DeepSeek-R1,
 * figure 6: 700 steps on the preference reward, 3.5 → 4.6, while Codeforces falls from 0.34 to 0.29).
 */

/** What an evaluation on held-out questions found. */
export type WatchedEvaluation = {
  readonly step: number;
  /** Mean of what the rules say where they apply: accuracy, mostly. */
  readonly accuracy: number;
  /** Mean of the watched reward where it applies. */
  readonly reward: number;
};

export interface AlarmLimits {
  /** How far accuracy must be below its best. */
  readonly accuracyDrop: number;
  /** How far the reward must be above what it was at that best. */
  readonly rewardRise: number;
}

/**
 * Compares the last evaluation with the one of the best accuracy before it (the latest of equals). Null where the two do not
 * part ways, else the reason. The paper states no rule: this one is ours.
 */
export function hackingAlarm(history: readonly WatchedEvaluation[], limits: AlarmLimits): string | null {
  const now = history.at(-1);
  let best: WatchedEvaluation | undefined;
  for (const one of history.slice(0, -1)) {
    if (best === undefined || one.accuracy >= best.accuracy) best = one;
  }
  if (now === undefined || best === undefined) return null;
  const drop = best.accuracy - now.accuracy;
  const rise = now.reward - best.reward;
  if (drop < limits.accuracyDrop || rise <= limits.rewardRise) return null;
  return (
    `what the rules say fell on held-out questions from ${best.accuracy.toFixed(3)} (step ${best.step}) to ${now.accuracy.toFixed(3)} while the ` +
    `reward rose from ${best.reward.toFixed(3)} to ${now.reward.toFixed(3)}: the policy may be learning to please the reward alone`
  );
}
