/** One table of evaluations side by side: a group of rows a benchmark, a column a model, published results behind them. */
import type { BenchmarkResult, Estimate, EvaluationResults } from "./benchmark-result.ts";
import type { PublishedColumn } from "./published.ts";

export interface TableRow {
  readonly benchmark: string;
  readonly metric: string;
  /** By column; empty where a model was not measured. */
  readonly cells: readonly string[];
  /** The benchmark's headline. */
  readonly headline: boolean;
}

export interface ResultsTable {
  readonly columns: readonly string[];
  /** How many of the columns are measured; those behind them are published. */
  readonly measured: number;
  readonly rows: readonly TableRow[];
  /** What the reader has to know, a sentence each. */
  readonly notes: readonly string[];
}

interface MetricLine {
  readonly metric: string;
  readonly cell: (result: BenchmarkResult) => string;
  /** The rows of published columns that stand beside it. */
  readonly published: (result: BenchmarkResult) => readonly string[];
  readonly headline?: boolean;
}

/** Columns in the order given; benchmarks in the order in which they first appear. */
export function resultsTable(
  runs: readonly EvaluationResults[],
  published: readonly PublishedColumn[],
): ResultsTable {
  const titles = [...new Set(runs.flatMap(({ benchmarks }) => benchmarks.map(({ title }) => title)))];
  const rows = titles.flatMap((title) => {
    const results = runs.map(({ benchmarks }) => benchmarks.find((result) => result.title === title) ?? null);
    const measured = results.filter((result) => result !== null);
    return metricLines(measured).map(({ metric, cell, published: rowsOf, headline = false }): TableRow => {
      const names = new Set(measured.flatMap(rowsOf));
      return {
        benchmark: title,
        metric,
        headline,
        cells: [
          ...results.map((result) => (result === null ? "" : cell(result))),
          ...published.map(({ figures }) => {
            const value = [...names].map((name) => figures[name]).find((each) => each !== undefined);
            return value === undefined ? "" : String(value);
          }),
        ],
      };
    });
  });
  return {
    columns: [...uniqueNames(runs.map(({ model }) => model)), ...published.map(({ name }) => name)],
    measured: runs.length,
    rows,
    notes: [...runs.flatMap(runNotes), ...(published.length === 0 ? [] : [publishedNote(published)])],
  };
}

/** The lines that any of a benchmark's results has something for. */
function metricLines(results: readonly BenchmarkResult[]): MetricLine[] {
  const [first] = results;
  if (first === undefined) return [];
  const lines: MetricLine[] = [
    {
      metric: first.headline,
      headline: true,
      cell: ({ score, scored }) => (scored === 0 ? "no verdict" : share(score)),
      published: (result) => result.published,
    },
  ];
  const ks = unique(results.flatMap(({ passAtK }) => Object.keys(passAtK)))
    .map(Number)
    .filter((k) => k > 1)
    .sort((a, b) => a - b);
  for (const k of ks) {
    lines.push({
      metric: `pass@${k}`,
      cell: ({ passAtK }) => percent(passAtK[String(k)]),
      published: () => [],
    });
  }
  for (const count of unique(
    results.flatMap(({ majority }) => (majority === null ? [] : [majority.samples])),
  )) {
    lines.push({
      metric: `cons@${count}`,
      cell: ({ majority }) =>
        majority?.samples !== count
          ? ""
          : `${share(majority)}${majority.tiedQuestions > 0 ? `, ${majority.tiedQuestions} tied` : ""}`,
      published: (result) => result.published.map((row) => `${row} · cons@${count}`),
    });
  }
  for (const name of unique(results.flatMap(({ figures }) => figures.map((figure) => figure.name)))) {
    lines.push({
      metric: name,
      cell: ({ figures }) => {
        const figure = figures.find((each) => each.name === name);
        if (figure === undefined) return "";
        const { value, low, high, unit } = figure;
        return unit === "share" ? share({ value, low, high }) : points({ value, low, high });
      },
      published: (result) => [
        ...result.published.map((row) => `${row} · ${name}`),
        ...(name === result.headline ? result.published : []),
      ],
    });
  }
  return [...lines, ...costLines];
}

/** Never left out: accuracy without them misleads. */
const costLines: readonly MetricLine[] = [
  {
    metric: "tokens",
    cell: ({ tokens }) =>
      tokens.mean === null
        ? "not told"
        : `${tokens.mean.toFixed(0)}${tokens.reasoningMean === null ? "" : `, thinking ${tokens.reasoningMean.toFixed(0)}`}`,
    published: () => [],
  },
  { metric: "cut off", cell: ({ tokens }) => percent(tokens.truncated), published: () => [] },
  {
    metric: "questions",
    cell: ({ questions, questionsInAll, samplesPerQuestion, failed }) =>
      `${questions}${questions < questionsInAll ? ` of ${questionsInAll}` : ""} × ${samplesPerQuestion}` +
      (failed > 0 ? `, ${failed} failed` : ""),
    published: () => [],
  },
];

const unique = <Value>(values: readonly Value[]): Value[] => [...new Set(values)];

/** Checkpoints of one name are told apart by number. */
function uniqueNames(names: readonly string[]): string[] {
  return names.map((name, index) => {
    const earlier = names.slice(0, index).filter((other) => other === name).length;
    return earlier === 0 ? name : `${name} (${earlier + 1})`;
  });
}

const percent = (value: number | undefined): string =>
  value === undefined ? "" : `${(100 * value).toFixed(1)} %`;

type Range = Pick<Estimate, "value"> & {
  readonly low?: number | undefined;
  readonly high?: number | undefined;
};

/** `12.3 % [10.1, 15.0]` */
export function share({ value, low, high }: Range): string {
  const range =
    low === undefined || high === undefined ? "" : ` [${(100 * low).toFixed(1)}, ${(100 * high).toFixed(1)}]`;
  return `${(100 * value).toFixed(1)} %${range}`;
}

function points({ value, low, high }: Range): string {
  const write = (each: number): string => each.toFixed(Math.abs(each) >= 100 ? 0 : 2);
  const range = low === undefined || high === undefined ? "" : ` [${write(low)}, ${write(high)}]`;
  return `${write(value)}${range}`;
}

/** How the model was asked, and what failed or is to be known. */
function runNotes({ model, settings, benchmarks }: EvaluationResults): string[] {
  const { temperature, topP, topK, minP, maxNewTokens, seed } = settings;
  const drawn =
    temperature === 0
      ? "greedy"
      : `temperature ${temperature}, top-p ${topP}${topK > 0 ? `, top-k ${topK}` : ""}${minP > 0 ? `, min-p ${minP}` : ""}, seed ${seed}`;
  return [
    `${model}: ${drawn}, at most ${maxNewTokens} new tokens.`,
    ...benchmarks.flatMap(({ title, failed, failure, figures }) => [
      ...(failed > 0
        ? [
            `${model}, ${title}: ${failed} samples have no verdict and count nowhere (${failure ?? "unknown"}); the same command asks for them again.`,
          ]
        : []),
      ...figures.flatMap(({ name, note }) =>
        note === undefined ? [] : [`${model}, ${title}, ${name}: ${note}.`],
      ),
    ]),
  ];
}

function publishedNote(columns: readonly PublishedColumn[]): string {
  return (
    `Published, not measured here: ${columns.map(({ name }) => name).join(", ")} (DeepSeek-R1's paper, per cent; ` +
    "64 samples a question for AIME and GPQA, 16 for MATH-500 and Codeforces, 8 for LiveCodeBench)."
  );
}
