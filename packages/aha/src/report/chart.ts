/** Draws one chart as SVG: lines with their smoothed trend, or stacked areas. */
import { escapeText } from "./escape.ts";
import { formatValue, niceTicks, type ValueFormat, wholeTicks } from "./scale.ts";
import { type Point, smooth, thin } from "./series.ts";

/** One curve. Colours are `tone`s 0–7 of the palette. */
export interface Curve {
  readonly label: string;
  readonly tone: number;
  readonly points: readonly Point[];
  /** Drawn as dots of their own: held-out evaluations. */
  readonly dots?: readonly Point[];
}

export interface Chart {
  readonly title: string;
  readonly note?: string;
  readonly kind: "lines" | "stack";
  readonly format: ValueFormat;
  readonly curves: readonly Curve[];
}

/** Size and place of a chart in the units of its SVG. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const drawnPoints = 400;
const margin = { left: 46, right: 14, bottom: 26 };
const round = (value: number) => Math.round(value * 10) / 10;

/** The inner area in which values are drawn, and how values map to it. */
interface Plot {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  readonly firstStep: number;
  readonly lastStep: number;
  readonly x: (step: number) => number;
  readonly y: (value: number) => number;
}

/** A `<g>` with title, legend, axes and curves; an empty chart says so. `id` must be unique in its page. */
export function chartSvg(chart: Chart, box: Box, id: string): string {
  const curves = chart.curves.filter(({ points, dots = [] }) => points.length + dots.length > 0);
  const legend = curves.length > 1 ? legendSvg(curves, box.width) : { svg: "", height: 0 };
  const note =
    chart.note === undefined ? "" : `<text class="note" x="0" y="33">${escapeText(chart.note)}</text>`;
  const head = 22 + (note === "" ? 0 : 15);
  const parts = [`<text class="title" x="0" y="15">${escapeText(chart.title)}</text>`, note];
  if (curves.length === 0) {
    parts.push(`<text class="note" x="0" y="${head + 20}">no values</text>`);
  } else {
    parts.push(`<g transform="translate(0 ${head + 2})">${legend.svg}</g>`);
    parts.push(plotSvg(chart, curves, head + legend.height + 10, box, id));
  }
  return `<g transform="translate(${box.x} ${box.y})">${parts.join("")}</g>`;
}

function plotSvg(chart: Chart, curves: readonly Curve[], top: number, box: Box, id: string): string {
  const stacked = chart.kind === "stack" ? stack(curves) : [];
  const high = chart.kind === "stack" ? stackHeight(stacked) : linesHeight(curves);
  const low = chart.kind === "stack" ? 0 : linesDepth(curves);
  const ticks = niceTicks(low, chart.format === "percent" ? Math.min(high, Math.max(1, low)) : high, 4);
  const [yLow, yHigh] = [ticks[0] ?? 0, ticks.at(-1) ?? 1];
  const steps = curves.flatMap(({ points, dots = [] }) => [...points, ...dots].map(({ step }) => step));
  const firstStep = steps.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const lastStep = Math.max(
    steps.reduce((a, b) => Math.max(a, b), firstStep),
    firstStep + 1,
  );
  const area = {
    left: margin.left,
    right: box.width - margin.right,
    top,
    bottom: box.height - margin.bottom,
  };
  const plot: Plot = {
    ...area,
    firstStep,
    lastStep,
    x: (step) => round(area.left + ((step - firstStep) / (lastStep - firstStep)) * (area.right - area.left)),
    y: (value) => round(area.bottom - ((value - yLow) / (yHigh - yLow)) * (area.bottom - area.top)),
  };
  const drawn =
    chart.kind === "stack"
      ? stacked.map((layer) => layerSvg(layer, plot)).join("")
      : `${curves.map((curve) => lineSvg(curve, plot)).join("")}`;
  const dots = curves.map((curve, index) => dotsSvg(curve, plot, chart.format, index === 0)).join("");
  return (
    `<clipPath id="${id}"><rect x="${area.left}" y="${top - 4}" width="${area.right - area.left + 6}" ` +
    `height="${area.bottom - top + 5}"/></clipPath>${axesSvg(ticks, plot, chart.format)}` +
    `<g clip-path="url(#${id})">${drawn}</g>${dots}` +
    `<g class="hover" data-chart="${escapeText(JSON.stringify(hoverData(chart, curves, plot)))}">` +
    `<line class="cursor" x1="0" x2="0" y1="${top}" y2="${area.bottom}"/><rect class="catch" x="${area.left}" ` +
    `y="${top}" width="${round(area.right - area.left)}" height="${round(area.bottom - top)}"/></g>`
  );
}

function axesSvg(ticks: readonly number[], plot: Plot, format: ValueFormat): string {
  const rows = ticks.map(
    (tick, index) =>
      `<line class="${index === 0 ? "axis" : "grid"}" x1="${plot.left}" x2="${plot.right}" y1="${plot.y(tick)}" ` +
      `y2="${plot.y(tick)}"/><text class="tick" x="${plot.left - 7}" y="${round(plot.y(tick) + 3.5)}" ` +
      `text-anchor="end">${escapeText(formatValue(tick, format))}</text>`,
  );
  const columns = wholeTicks(plot.firstStep, plot.lastStep, 5).map(
    (tick) =>
      `<text class="tick" x="${plot.x(tick)}" y="${plot.bottom + 16}" text-anchor="middle">` +
      `${escapeText(formatValue(tick, "number"))}</text>`,
  );
  return [...rows, ...columns].join("");
}

/** The raw values faintly, their trend boldly over them. */
function lineSvg({ points, tone }: Curve, plot: Plot): string {
  if (points.length === 0) return "";
  const trend = smooth(points);
  const raw =
    points.length < 8 ? "" : `<path class="raw t${tone}" d="${pathOf(thin(points, drawnPoints), plot)}"/>`;
  return `${raw}<path class="line t${tone}" d="${pathOf(thin(trend, drawnPoints), plot)}"/>`;
}

/** Labels at both ends; at the start only of the first curve, since runs that are compared start alike. */
function dotsSvg({ dots = [], tone }: Curve, plot: Plot, format: ValueFormat, labelStart: boolean): string {
  return dots
    .map(({ step, value }, index) => {
      const [x, y] = [plot.x(step), plot.y(value)];
      const ends = index === 0 ? labelStart : index === dots.length - 1;
      const anchor = index === 0 ? "start" : "end";
      const label = `<text class="value t${tone}" x="${x + (index === 0 ? 6 : 0)}" y="${round(y - 8)}" text-anchor="${anchor}">`;
      return (
        `<circle class="dot t${tone}" cx="${x}" cy="${y}" r="4"/>` +
        (ends ? `${label}${escapeText(formatValue(value, format))}</text>` : "")
      );
    })
    .join("");
}

const pathOf = (points: readonly Point[], plot: Plot) =>
  points
    .map(({ step, value }, index) => `${index === 0 ? "M" : "L"}${plot.x(step)} ${plot.y(value)}`)
    .join("");

/** Room for the trend and nearly all raw values: a few outliers may leave the picture. */
function linesHeight(curves: readonly Curve[]): number {
  const trend = curves.flatMap(({ points }) => smooth(points).map(({ value }) => value));
  const dots = curves.flatMap(({ dots = [] }) => dots.map(({ value }) => value));
  const raw = curves.flatMap(({ points }) => points.map(({ value }) => value)).sort((a, b) => a - b);
  const most = raw[Math.floor((raw.length - 1) * 0.98)] ?? 0;
  const high = [...trend, ...dots].reduce((a, b) => Math.max(a, b), most);
  return high === 0 ? 1 : high;
}

/** Zero, unless there are values below it; of the raw ones, all but a few outliers. */
function linesDepth(curves: readonly Curve[]): number {
  const raw = curves.flatMap(({ points }) => points.map(({ value }) => value)).sort((a, b) => a - b);
  const least = raw[Math.ceil((raw.length - 1) * 0.02)] ?? 0;
  const trend = curves.flatMap(({ points }) => smooth(points));
  return trend.reduce((low, { value }) => Math.min(low, value), Math.min(0, least));
}

interface Layer {
  readonly tone: number;
  readonly points: ReadonlyArray<{ readonly step: number; readonly low: number; readonly high: number }>;
}

/** Layers over each other in the order of the curves; a step that a curve lacks counts as 0. */
function stack(curves: readonly Curve[]): Layer[] {
  const steps = [...new Set(curves.flatMap(({ points }) => points.map(({ step }) => step)))].sort(
    (a, b) => a - b,
  );
  const ground = new Map<number, number>();
  return curves.map(({ points, tone }) => {
    const values = new Map(points.map(({ step, value }) => [step, value]));
    const filled = thin(smooth(steps.map((step) => ({ step, value: values.get(step) ?? 0 }))), drawnPoints);
    const layer = filled.map(({ step, value }) => {
      const low = ground.get(step) ?? 0;
      ground.set(step, low + value);
      return { step, low, high: low + value };
    });
    return { tone, points: layer };
  });
}

const stackHeight = (layers: readonly Layer[]) =>
  layers.flatMap(({ points }) => points).reduce((top, { high }) => Math.max(top, high), 0) || 1;

function layerSvg({ points, tone }: Layer, plot: Plot): string {
  const up = points.map(({ step, high }) => `${plot.x(step)} ${plot.y(high)}`);
  const down = [...points].reverse().map(({ step, low }) => `${plot.x(step)} ${plot.y(low)}`);
  return `<path class="area t${tone}" d="M${[...up, ...down].join("L")}Z"/>`;
}

/** Names with their colours, in as many rows as the width asks for. */
function legendSvg(
  curves: readonly Curve[],
  width: number,
): { readonly svg: string; readonly height: number } {
  let [x, y] = [0, 0];
  const items = curves.map(({ label, tone }) => {
    const room = 16 + label.length * 6.3 + 14;
    if (x > 0 && x + room > width) [x, y] = [0, y + 16];
    const item =
      `<rect class="swatch t${tone}" x="${round(x)}" y="${y + 3}" width="10" height="10" rx="2.5"/>` +
      `<text class="legend" x="${round(x + 15)}" y="${y + 12}">${escapeText(label)}</text>`;
    x += room;
    return item;
  });
  return { svg: items.join(""), height: y + 18 };
}

/** What the page's script needs to show values under the pointer. */
function hoverData(chart: Chart, curves: readonly Curve[], plot: Plot) {
  return {
    left: plot.left,
    right: plot.right,
    first: plot.firstStep,
    last: plot.lastStep,
    format: chart.format,
    curves: curves.map(({ label, tone, points, dots = [] }) => ({
      label,
      tone,
      points: thin(points.length > 0 ? points : dots, drawnPoints).map(({ step, value }) => [
        step,
        Number(value.toPrecision(4)),
      ]),
    })),
  };
}
