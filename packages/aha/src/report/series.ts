/** Curves from a run's events: points by step, smoothed, and thinned for drawing. */
import type { RunData } from "../run/run-directory.ts";
import type { EvaluationSummary, Metrics } from "../run/run-records.ts";

/** One value at one step. */
export interface Point {
  readonly step: number;
  readonly value: number;
}

/** The finite values of a metric by step, in order. */
export function metricSeries(run: RunData, metric: string): Point[] {
  return run.events.flatMap((event) => {
    if (event.type !== "metrics") return [];
    const value = event.metrics[metric];
    return typeof value === "number" && Number.isFinite(value) ? [{ step: event.step, value }] : [];
  });
}

/** A number of each held-out evaluation by step. */
export function evaluationSeries(
  run: RunData,
  read: (summary: EvaluationSummary) => number | undefined,
): Point[] {
  return run.events.flatMap((event) => {
    const value = event.type === "evaluation" ? read(event.summary) : undefined;
    return value === undefined || !Number.isFinite(value) ? [] : [{ step: event.step, value }];
  });
}

/** The names of all metrics of a run that start with a prefix, in order of first appearance. */
export function metricNames(run: RunData, prefix: string): string[] {
  const names = new Set<string>();
  for (const event of run.events) {
    if (event.type !== "metrics") continue;
    for (const name of Object.keys(event.metrics)) if (name.startsWith(prefix)) names.add(name);
  }
  return [...names];
}

/** The newest metrics of a run. */
export function latestMetrics(run: RunData): { readonly step: number; readonly metrics: Metrics } {
  const last = run.events.findLast((event) => event.type === "metrics");
  return last?.type === "metrics" ? { step: last.step, metrics: last.metrics } : { step: 0, metrics: {} };
}

/**
 * Gaussian-weighted mean around each point; unlike an exponential average it does not lag behind.
 * The width is a thirtieth of the number of points; fewer than 8 points are left as they are.
 */
export function smooth(points: readonly Point[]): Point[] {
  if (points.length < 8) return [...points];
  const sigma = Math.max(1, points.length / 30);
  const reach = Math.ceil(3 * sigma);
  return points.map(({ step }, index) => {
    let sum = 0;
    let weights = 0;
    const end = Math.min(points.length, index + reach + 1);
    for (let other = Math.max(0, index - reach); other < end; other++) {
      const weight = Math.exp(-0.5 * ((other - index) / sigma) ** 2);
      sum += weight * (points[other]?.value ?? 0);
      weights += weight;
    }
    return { step, value: sum / weights };
  });
}

/** At most `limit` points, each the mean of its neighbours, so that pages of long runs stay small. */
export function thin(points: readonly Point[], limit: number): Point[] {
  if (points.length <= limit) return [...points];
  const size = points.length / limit;
  return Array.from({ length: limit }, (_, bucket) => {
    const part = points.slice(Math.floor(bucket * size), Math.floor((bucket + 1) * size));
    const mean = (read: (point: Point) => number) =>
      part.reduce((sum, point) => sum + read(point), 0) / part.length;
    return { step: Math.round(mean(({ step }) => step)), value: mean(({ value }) => value) };
  });
}
