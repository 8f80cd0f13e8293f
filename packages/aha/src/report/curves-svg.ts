/** The headline curves as one standalone SVG, readable on light and dark backgrounds alike. */
import type { RunData } from "../run/run-directory.ts";
import { chartSvg } from "./chart.ts";
import { chartStyle, middlePalette } from "./chart-style.ts";
import { pictureCharts } from "./run-charts.ts";

const columns = 3;
const panel = { width: 310, height: 230, gap: 26 };

/** A picture of up to six panels, 1,012 units wide, with a transparent background and no script. */
export function curvesSvg(runs: readonly RunData[]): string {
  const charts = pictureCharts(runs);
  const rows = Math.ceil(charts.length / columns);
  const width = columns * panel.width + (columns - 1) * panel.gap + 30;
  const height = Math.max(1, rows) * (panel.height + panel.gap) - panel.gap + 30;
  const panels = charts.map((chart, index) =>
    chartSvg(
      chart,
      {
        x: 15 + (index % columns) * (panel.width + panel.gap),
        y: 15 + Math.floor(index / columns) * (panel.height + panel.gap),
        width: panel.width,
        height: panel.height,
      },
      `panel-${index}`,
    ).replace(/ data-chart="[^"]*"/, ""),
  );
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" ` +
    `height="${height}" role="img" aria-label="Training curves">\n` +
    `<style>${middlePalette}${chartStyle}</style>\n${panels.join("\n")}\n</svg>\n`
  );
}
