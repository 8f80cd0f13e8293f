/** Counters and histograms in Prometheus' text format. */

type Labels = Readonly<Record<string, string>>;

interface Series {
  readonly help: string;
  readonly kind: "counter" | "gauge" | "histogram";
  readonly values: Map<string, number>;
  readonly histograms: Map<string, Histogram>;
  readonly bounds: readonly number[];
}
interface Histogram {
  readonly counts: number[];
  sum: number;
}

const format = (labels: Labels): string => {
  const parts = Object.entries(labels).map(
    ([name, value]) => `${name}="${value.replace(/[\\"\n]/g, (one) => (one === "\n" ? "\\n" : `\\${one}`))}"`,
  );
  return parts.length === 0 ? "" : `{${parts.join(",")}}`;
};

/** Upper bounds in seconds, for latencies from a millisecond to minutes. */
export const LATENCY_BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

export class Metrics {
  readonly #series = new Map<string, Series>();

  /** Declares a series; names must not repeat. */
  declare(
    name: string,
    kind: Series["kind"],
    help: string,
    bounds: readonly number[] = LATENCY_BOUNDS,
  ): void {
    this.#series.set(name, { help, kind, values: new Map(), histograms: new Map(), bounds });
    if (kind === "counter") this.#series.get(name)?.values.set("", 0);
  }

  #of(name: string): Series {
    const series = this.#series.get(name);
    if (series === undefined) throw new TypeError(`the metric "${name}" was not declared`);
    return series;
  }

  add(name: string, amount = 1, labels: Labels = {}): void {
    const { values } = this.#of(name);
    const key = format(labels);
    if (key !== "") values.delete("");
    values.set(key, (values.get(key) ?? 0) + amount);
  }

  set(name: string, value: number, labels: Labels = {}): void {
    this.#of(name).values.set(format(labels), value);
  }

  /** Adds one observation to a histogram. */
  observe(name: string, value: number): void {
    const { histograms, bounds } = this.#of(name);
    const histogram = histograms.get("") ?? { counts: new Array<number>(bounds.length + 1).fill(0), sum: 0 };
    histograms.set("", histogram);
    const place = bounds.findIndex((bound) => value <= bound);
    const index = place < 0 ? bounds.length : place;
    histogram.counts[index] = (histogram.counts[index] as number) + 1;
    histogram.sum += value;
  }

  /** The text of `/metrics`. */
  text(): string {
    const lines: string[] = [];
    for (const [name, { help, kind, values, histograms, bounds }] of this.#series) {
      lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${kind}`);
      for (const [labels, value] of values) lines.push(`${name}${labels} ${value}`);
      for (const { counts, sum } of histograms.values()) {
        let total = 0;
        counts.forEach((count, index) => {
          total += count;
          lines.push(`${name}_bucket{le="${bounds[index] ?? "+Inf"}"} ${total}`);
        });
        lines.push(`${name}_sum ${sum}`, `${name}_count ${total}`);
      }
    }
    return `${lines.join("\n")}\n`;
  }
}

/** The server's own series. */
export function serverMetrics(): Metrics {
  const metrics = new Metrics();
  metrics.declare("aha_requests_total", "counter", "Requests answered, by endpoint and status.");
  metrics.declare("aha_disconnects_total", "counter", "Requests whose client went away before the end.");
  metrics.declare("aha_prompt_tokens_total", "counter", "Tokens of prompts.");
  metrics.declare(
    "aha_reused_prompt_tokens_total",
    "counter",
    "Tokens of prompts that were not computed again.",
  );
  metrics.declare("aha_generated_tokens_total", "counter", "Tokens generated.");
  metrics.declare(
    "aha_inference_restarts_total",
    "counter",
    "Times that the inference process was started again.",
  );
  metrics.declare("aha_sequences_running", "gauge", "Sequences that have a place in the batch.");
  metrics.declare("aha_sequences_waiting", "gauge", "Sequences that wait for a place.");
  metrics.declare("aha_sequences_places", "gauge", "Sequences that can run at once.");
  metrics.declare("aha_live_tensors", "gauge", "Tensors alive in the inference process.");
  metrics.declare(
    "aha_time_to_first_token_seconds",
    "histogram",
    "From a request's arrival to a sequence's first token.",
  );
  metrics.declare("aha_time_between_tokens_seconds", "histogram", "Between two tokens of a sequence.");
  metrics.declare("aha_request_seconds", "histogram", "From a request's arrival to the end of its answer.");
  return metrics;
}
