/** Axes: round tick values, and short labels for them. */

/** How a quantity's values are written. */
export type ValueFormat = "number" | "percent" | "seconds";

/**
 * Ticks at multiples of 1, 2, 2.5 or 5 times a power of ten that cover [low, high]; about `count` of them.
 * An empty or inverted range is widened, so that there are always at least two.
 */
export function niceTicks(low: number, high: number, count: number): number[] {
  const bottom = Math.min(low, high);
  const span = high > low ? high - low : Math.max(Math.abs(low), 1);
  const rough = span / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 2.5, 5, 10].find((candidate) => candidate * power >= rough * (1 - 1e-9)) ?? 10;
  const step = factor * power;
  const first = Math.floor(bottom / step + 1e-9);
  const last = Math.ceil((bottom + span) / step - 1e-9);
  return Array.from({ length: last - first + 1 }, (_, index) => tidy((first + index) * step));
}

/** Whole-number ticks inside [low, high], for steps. */
export function wholeTicks(low: number, high: number, count: number): number[] {
  const ticks = niceTicks(low, high, count).filter((tick) => Number.isInteger(tick));
  return ticks.filter((tick) => tick >= low && tick <= high);
}

/** Takes the binary dust off a decimal: 0.30000000000000004 → 0.3. */
const tidy = (value: number) => Number(value.toPrecision(12));

/** A value as a label or in a tooltip, at most about six characters. */
export function formatValue(value: number, format: ValueFormat): string {
  if (format === "percent") return `${Number((value * 100).toPrecision(3))}%`;
  const unit = format === "seconds" ? " s" : "";
  const size = Math.abs(value);
  if (size >= 1e6) return `${tidy(Number((value / 1e6).toPrecision(3)))}M${unit}`;
  if (size >= 1e4) return `${tidy(Number((value / 1e3).toPrecision(3)))}k${unit}`;
  if (size !== 0 && size < 1e-3) return `${value.toExponential(1)}${unit}`;
  return `${Number(value.toPrecision(3))}${unit}`;
}
