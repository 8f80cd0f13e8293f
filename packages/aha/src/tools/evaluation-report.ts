/** A benchmark's result as one flat record, with the metric names that runs use too: what `--json` prints. */
import type { EvaluationReport } from "../contracts/work.ts";
import type { BenchmarkResult } from "../evaluation/benchmark-result.ts";

export function evaluationReport(result: BenchmarkResult, model: string): EvaluationReport {
  const { score, tokens, rewards, outcomes, reward, majority } = result;
  return {
    accuracy: score.value,
    mean_length: tokens.mean ?? 0,
    format: rewards.format ?? 0,
    reflection: result.reflection,
    questions: result.questions,
    samples: result.samplesPerQuestion,
    task: result.task,
    title: result.title,
    model,
    headline: result.headline,
    accuracy_low: score.low,
    accuracy_high: score.high,
    ...Object.fromEntries(Object.entries(result.passAtK).map(([k, value]) => [`pass@${k}`, value])),
    ...(majority === null
      ? {}
      : { [`cons@${majority.samples}`]: majority.value, tied_questions: majority.tiedQuestions }),
    ...Object.fromEntries(
      result.figures.map(({ name, value, low = null, high = null }) => [
        `figure/${name}`,
        { value, low, high },
      ]),
    ),
    ...Object.fromEntries(Object.entries(rewards).map(([name, value]) => [`rewards/${name}/mean`, value])),
    ...Object.fromEntries(
      Object.entries(outcomes).map(([outcome, value]) => [`outcome/${reward}/${outcome}`, value]),
    ),
    "completions/clipped_ratio": tokens.truncated,
    "completions/max_length": tokens.most,
    "completions/median_length": tokens.median,
    "completions/reasoning_mean_length": tokens.reasoningMean,
    failed: result.failed,
    slices: Object.fromEntries(
      Object.entries(result.slices).map(([dimension, parts]) => [
        dimension,
        Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, { ...part }])),
      ]),
    ),
    "time/evaluation": result.seconds,
  };
}
