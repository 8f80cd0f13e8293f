/** Which curves are worth showing of a run, and of several runs laid over each other. */
import type { RunData } from "../run/run-directory.ts";
import type { Chart, Curve } from "./chart.ts";
import type { ValueFormat } from "./scale.ts";
import { evaluationSeries, metricNames, metricSeries } from "./series.ts";

/** Reflective words whose use never reaches this many a completion are left out of charts. */
const rareWord = 0.005;

interface Wanted {
  readonly title: string;
  readonly metric: string;
  readonly format: ValueFormat;
  readonly note?: string;
}

/** One curve a run. */
function byRun(runs: readonly RunData[], { title, metric, format, note }: Wanted): Chart {
  const curves = runs.map((run, tone) => ({ label: run.name, tone, points: metricSeries(run, metric) }));
  return { title, kind: "lines", format, curves, ...(note === undefined ? {} : { note }) };
}

/** Share of correct completions: each step's batch as the line, held-out questions as dots. */
export function accuracyChart(runs: readonly RunData[]): Chart {
  const chart = byRun(runs, {
    title: "Accuracy",
    metric: "rewards/accuracy/mean",
    format: "percent",
    note: "line: each step's batch · dots: held-out questions",
  });
  const curves = chart.curves.map((curve, index) => withDots(curve, runs[index], ({ accuracy }) => accuracy));
  return { ...chart, curves };
}

/** Mean tokens a completion. */
export function lengthChart(runs: readonly RunData[]): Chart {
  const chart = byRun(runs, {
    title: "Length of a completion",
    metric: "completions/mean_length",
    format: "number",
    note: "tokens, mean · dots: held-out questions",
  });
  const curves = chart.curves.map((curve, index) =>
    withDots(curve, runs[index], (summary) => summary.mean_length),
  );
  return { ...chart, curves };
}

function withDots(
  curve: Curve,
  run: RunData | undefined,
  read: Parameters<typeof evaluationSeries>[1],
): Curve {
  return run === undefined ? curve : { ...curve, dots: evaluationSeries(run, read) };
}

/** Reflective words: of one run all in one chart, of several runs one chart a word. */
export function reflectionCharts(runs: readonly RunData[]): Chart[] {
  const words = reflectiveWords(runs);
  const note = "occurrences a completion";
  const [only] = runs;
  if (runs.length === 1 && only !== undefined) {
    const curves = words.map((word, tone) => ({
      label: word,
      tone: tone % 8,
      points: metricSeries(only, `reflection/${word}`),
    }));
    return [{ title: "Reflective words", note, kind: "lines", format: "number", curves }];
  }
  return words
    .slice(0, 6)
    .map((word) => byRun(runs, { title: `“${word}”`, metric: `reflection/${word}`, format: "number", note }));
}

/** The words in use, the most used first. */
export function reflectiveWords(runs: readonly RunData[]): string[] {
  const peaks = new Map<string, number>();
  for (const run of runs) {
    for (const metric of metricNames(run, "reflection/")) {
      const word = metric.slice("reflection/".length);
      const peak = metricSeries(run, metric).reduce((most, { value }) => Math.max(most, value), 0);
      peaks.set(word, Math.max(peak, peaks.get(word) ?? 0));
    }
  }
  return [...peaks]
    .filter(([, peak]) => peak >= rareWord)
    .sort((a, b) => b[1] - a[1])
    .map(([word]) => word);
}

/** Colours that mean something keep it; other parts take the palette's in their order. */
const meaning: Readonly<Record<string, number>> = { correct: 2, wrong: 4, unparsed: 1, timeout: 3, error: 7 };

/** Parts that sum to a whole, stacked; the order is that of first appearance. */
function stackedChart(run: RunData, prefix: string, title: string, note: string, format: ValueFormat): Chart {
  const curves = metricNames(run, prefix).map((metric, index) => {
    const label = metric.slice(prefix.length);
    return { label, tone: meaning[label] ?? index % 8, points: metricSeries(run, metric) };
  });
  return {
    title,
    note,
    kind: "stack",
    format,
    curves: curves.filter(({ points }) => points.some((p) => p.value > 0)),
  };
}

/** Where a step's seconds go. */
export const timeChart = (run: RunData): Chart =>
  stackedChart(run, "time/", "Time by phase", "seconds a step, stacked", "seconds");

/** How a verifier's looks at completions ended. */
export function outcomeCharts(run: RunData): Chart[] {
  const verifiers = new Set(metricNames(run, "outcome/").map((metric) => metric.split("/")[1] ?? ""));
  return [...verifiers].map((name) =>
    stackedChart(run, `outcome/${name}/`, `Outcomes: ${name}`, "completions, stacked", "number"),
  );
}

const singles: readonly Wanted[] = [
  { title: "Reward", metric: "reward", format: "number", note: "weighted sum, mean over the batch" },
  { title: "KL to the reference", metric: "kl", format: "number", note: "nats a token (k3 estimate)" },
  { title: "Entropy", metric: "entropy", format: "number", note: "nats a token" },
  {
    title: "Clip ratio",
    metric: "clip_ratio/region_mean",
    format: "percent",
    note: "share of tokens clipped",
  },
  { title: "Cut off by the limit", metric: "completions/clipped_ratio", format: "percent" },
  {
    title: "Groups without signal",
    metric: "frac_reward_zero_std",
    format: "percent",
    note: "all rewards equal",
  },
  { title: "Gradient norm", metric: "grad_norm", format: "number", note: "before clipping" },
  { title: "Loss", metric: "loss", format: "number" },
  { title: "Learning rate", metric: "learning_rate", format: "number" },
];

/** Every chart of the page, in reading order; those without values are left out. */
export function pageCharts(runs: readonly RunData[]): Chart[] {
  const [first] = runs;
  if (first === undefined) return [];
  const rewards = metricNames(first, "rewards/")
    .filter((metric) => metric.endsWith("/mean") && metric !== "rewards/accuracy/mean")
    .map((metric) => ({ title: `Reward: ${metric.split("/")[1]}`, metric, format: "number" as const }));
  return [
    accuracyChart(runs),
    lengthChart(runs),
    ...reflectionCharts(runs),
    ...[...singles.slice(0, 1), ...rewards, ...singles.slice(1)].map((wanted) => byRun(runs, wanted)),
    ...outcomeCharts(first),
    timeChart(first),
  ].filter(hasValues);
}

/** The six charts of the picture in a README. */
export function pictureCharts(runs: readonly RunData[]): Chart[] {
  const [first] = runs;
  if (first === undefined) return [];
  const kl = singles[1];
  const entropy = singles[2];
  const words = reflectionCharts(runs).slice(0, 1);
  return [
    accuracyChart(runs),
    lengthChart(runs),
    ...words,
    ...(kl === undefined || entropy === undefined ? [] : [byRun(runs, kl), byRun(runs, entropy)]),
    timeChart(first),
  ].filter(hasValues);
}

const hasValues = ({ curves }: Chart) =>
  curves.some(({ points, dots = [] }) => points.length + dots.length > 0);
