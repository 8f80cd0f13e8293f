/** Sets measurements side by side as Markdown tables. */
import type { GrpoMeasurement, GrpoSettings, OperatorMeasurement } from "./measurement.ts";

/** One comparison: the rounds of each side, taken in turn on one machine. */
export interface GrpoComparison {
  readonly settings: GrpoSettings;
  readonly theirs: readonly GrpoMeasurement[];
  readonly ours: readonly GrpoMeasurement[];
  /** The operations a step needs at least, and the machine's rate for its dtype, a second. */
  readonly flopsPerStep: number;
  readonly gemmFlopsPerSecond: number;
}

/** The middle of some numbers; of an even count, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return low === undefined || high === undefined ? Number.NaN : (low + high) / 2;
}

type Format = (value: number) => string;
const seconds: Format = (value) => value.toFixed(value < 10 ? 2 : 1);
const whole: Format = (value) => Math.round(value).toLocaleString("en");
const gigabytes: Format = (value) => `${(value / 1e9).toFixed(2)} GB`;
const percent: Format = (value) => `${(value * 100).toFixed(1)} %`;
const times: Format = (value) => (Number.isFinite(value) ? `${value.toFixed(value < 10 ? 2 : 1)}×` : "–");

/** A table of one comparison, ratios above 1 being in our favour; a side that was not run shows dashes. */
export function grpoTable(comparison: GrpoComparison): string {
  const { settings, theirs, ours, flopsPerStep, gemmFlopsPerSecond } = comparison;
  const share = (measurement: GrpoMeasurement) =>
    flopsPerStep / measurement.secondsPerStep / gemmFlopsPerSecond;
  const rows: [string, (measurement: GrpoMeasurement) => number, Format, "less" | "more"][] = [
    ["seconds a step", (measurement) => measurement.secondsPerStep, seconds, "less"],
    ["… generating", (measurement) => measurement.generationSeconds, seconds, "less"],
    ["… the rest", (measurement) => measurement.trainingSeconds, seconds, "less"],
    ["rollout tokens/s", (measurement) => measurement.rolloutTokensPerSecond, whole, "more"],
    ["training tokens/s", (measurement) => measurement.trainingTokensPerSecond, whole, "more"],
    ["peak memory", (measurement) => measurement.peakBytes, gigabytes, "less"],
    ["share of the GEMM rate", share, percent, "more"],
  ];
  const { shape, questions, group, promptTokens, newTokens, dtype, beta } = settings;
  const title =
    `**${shape}, ${dtype}**: ${questions} questions × ${group}, ` +
    `${promptTokens} + ${newTokens} tokens, β ${beta}`;
  const body = rows.map(([name, pick, format, better]) => {
    const [their, our] = [median(theirs.map(pick)), median(ours.map(pick))];
    const ratio = better === "less" ? their / our : our / their;
    const cells = [their, our].map((value) => (Number.isFinite(value) ? format(value) : "–"));
    return [name, ...cells, times(ratio)];
  });
  return `${title}\n\n${markdown(["", "TRL", "Aha", "ratio"], body)}`;
}

/** Two tables: small ops (a ratio above 1 means ours is quicker), and GEMM rates. */
export function operatorTable(theirs: OperatorMeasurement, ours: OperatorMeasurement | undefined): string {
  const rows = (
    field: "smallOpMicroseconds" | "gemmGigaflops",
    format: Format,
    ratio: (their: number, our: number) => number,
  ) =>
    Object.entries(theirs[field]).map(([name, their]) => {
      const our = ours?.[field][name] ?? Number.NaN;
      return [name, format(their), Number.isFinite(our) ? format(our) : "–", times(ratio(their, our))];
    });
  return [
    markdown(
      ["µs a call", "PyTorch from Python", "Aha", "ratio"],
      rows(
        "smallOpMicroseconds",
        (value) => value.toFixed(2),
        (their, our) => their / our,
      ),
    ),
    markdown(
      ["GFLOP/s", "PyTorch from Python", "Aha", "ratio"],
      rows("gemmGigaflops", whole, (their, our) => our / their),
    ),
  ].join("\n\n");
}

function markdown(head: readonly string[], body: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const rule = head.map((_, column) => (column === 0 ? "---" : "---:"));
  return [line(head), line(rule), ...body.map(line)].join("\n");
}
