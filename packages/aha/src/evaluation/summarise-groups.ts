/** What scored groups say of a policy: accuracy, format, length, reflective words, and how the verdicts fell. */

import type { ScoredCompletion, ScoredGroup } from "../rollout/records.ts";
import type { EvaluationSummary } from "../run/run-records.ts";
import { countReflectiveWords, reflectiveWords } from "../tasks/reflection.ts";
import type { Outcome } from "../tasks/task.ts";
import { mean } from "../training/mean.ts";
import { accuracyInterval } from "./accuracy-interval.ts";

/** The summary, and further figures by metric name. */
export interface GroupsSummary {
  readonly summary: EvaluationSummary;
  readonly extra: Readonly<Record<string, number>>;
}

const outcomes: readonly Outcome[] = ["correct", "wrong", "unparsed", "timeout", "error"];

/** Values of a reward where it applies. */
function valuesOf(completions: readonly ScoredCompletion[], reward: string): number[] {
  return completions
    .map(({ breakdown }) => breakdown[reward]?.value ?? null)
    .filter((value) => value !== null);
}

function shareOfOutcomes(completions: readonly ScoredCompletion[], reward: string): Record<string, number> {
  const judged = completions
    .map(({ breakdown }) => breakdown[reward]?.outcome)
    .filter((outcome) => outcome !== undefined);
  if (judged.length === 0) return {};
  return Object.fromEntries(
    outcomes.map((name) => [
      `outcome/${reward}/${name}`,
      judged.filter((outcome) => outcome === name).length / judged.length,
    ]),
  );
}

/**
 * `rewardNames` are the task's, in its order: accuracy is the one called "accuracy", else the first; format is the one
 * called "format" and 0 where there is none. Means leave out judgements that do not apply. The 95 % interval is over
 * questions (`accuracy_low`, `accuracy_high`).
 */
export function summariseGroups(
  groups: readonly ScoredGroup[],
  rewardNames: readonly string[],
): GroupsSummary {
  const completions = groups.flatMap((group) => group.completions);
  const accuracyName = rewardNames.includes("accuracy") ? "accuracy" : (rewardNames[0] ?? "accuracy");
  const questionValues = groups.map((group) => valuesOf(group.completions, accuracyName));
  const questionMeans = questionValues.filter((values) => values.length > 0).map(mean);
  const samples = Math.max(1, ...questionValues.map((values) => values.length));
  const interval = accuracyInterval(questionMeans, samples);
  const lengths = completions.map(({ completion }) => completion.tokenIds.length);
  const words = completions.map(({ completion }) => countReflectiveWords(completion.text));
  return {
    summary: {
      accuracy: mean(valuesOf(completions, accuracyName)),
      mean_length: mean(lengths),
      format: mean(valuesOf(completions, "format")),
      reflection: Object.fromEntries(
        reflectiveWords.map((word) => [word, mean(words.map((counts) => counts[word]))]),
      ),
    },
    extra: {
      accuracy_low: interval.low,
      accuracy_high: interval.high,
      reward: mean(completions.map(({ reward }) => reward)),
      ...Object.fromEntries(
        rewardNames.map((name) => [`rewards/${name}/mean`, mean(valuesOf(completions, name))]),
      ),
      "completions/clipped_ratio": mean(
        completions.map(({ completion }) => (completion.finish === "length" ? 1 : 0)),
      ),
      "completions/min_length": lengths.reduce((least, length) => Math.min(least, length), lengths[0] ?? 0),
      "completions/max_length": lengths.reduce((most, length) => Math.max(most, length), 0),
      ...Object.assign({}, ...rewardNames.map((name) => shareOfOutcomes(completions, name))),
    },
  };
}
