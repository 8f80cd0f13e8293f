/** A run's report: one page that needs nothing else, from what the run left on disk. */
import type { RunData } from "../run/run-directory.ts";
import { chartSvg } from "./chart.ts";
import { chartStyle, pagePalette } from "./chart-style.ts";
import { escapeText } from "./escape.ts";
import { headlineHtml } from "./headline.ts";
import { pageScript } from "./page-script.ts";
import { pageStyle } from "./page-style.ts";
import { pageCharts } from "./run-charts.ts";
import { latestMetrics } from "./series.ts";
import { transcriptsHtml } from "./transcripts.ts";

const chartSize = { width: 500, height: 270 };

/**
 * The page. The first run is the one reported; further runs are laid over its curves.
 * Works for a run that has not finished, or has only begun.
 */
export function reportHtml(runs: readonly RunData[]): string {
  const [first] = runs;
  const name = first?.name ?? "no run";
  const charts = pageCharts(runs).map((chart, index) => {
    const drawing = chartSvg(chart, { x: 0, y: 0, ...chartSize }, `chart-${index}`);
    const label = escapeText(chart.title);
    return (
      `<div class="card"><svg viewBox="0 0 ${chartSize.width} ${chartSize.height}" role="img" ` +
      `aria-label="${label}">${drawing}</svg></div>`
    );
  });
  const sections = [
    `<h1>${escapeText(name)}</h1>`,
    first === undefined ? "" : `<p class="soft">${escapeText(factsLine(first))}</p>`,
    ...runs.map((run, tone) => headlineHtml(run, tone, runs.length > 1)),
    first === undefined ? "" : warningsHtml(first),
    charts.length === 0
      ? '<p class="soft">No step has been finished yet.</p>'
      : `<h2>Curves</h2><p class="soft">Faint: as measured, by step. Bold: smoothed.</p>` +
        `<div class="charts">${charts.join("\n")}</div>`,
    first === undefined ? "" : transcriptsHtml(first),
    first === undefined ? "" : recipeHtml(first),
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeText(name)} · Aha</title>
<style>${pagePalette}${chartStyle}${pageStyle}</style>
</head>
<body>
<main>
${sections.filter((section) => section !== "").join("\n")}
<footer class="soft small">Written by Aha. Only the rewards named in the recipe were given.</footer>
</main>
<div id="tip"></div>
<script>${pageScript}</script>
</body>
</html>
`;
}

/** Steps, time and device in one line. */
function factsLine(run: RunData): string {
  const { summary } = run;
  const { step } = latestMetrics(run);
  if (summary === null) return `Step ${step}, not finished`;
  const minutes = summary.seconds / 60;
  const time = minutes < 90 ? `${minutes.toFixed(1)} minutes` : `${(minutes / 60).toFixed(1)} hours`;
  return `${summary.steps} steps in ${time} on ${summary.device}`;
}

function warningsHtml(run: RunData): string {
  const messages = run.events.flatMap((event) =>
    event.type === "warning" ? [`step ${event.step}: ${event.message}`] : [],
  );
  if (messages.length === 0) return "";
  const shown = messages.slice(0, 20).map((message) => `<li>${escapeText(message)}</li>`);
  const more = messages.length > 20 ? `<li>and ${messages.length - 20} more</li>` : "";
  return `<ul class="warnings">${shown.join("")}${more}</ul>`;
}

function recipeHtml(run: RunData): string {
  return `<details><summary>The recipe</summary><pre>${escapeText(JSON.stringify(run.recipe, null, 2))}</pre></details>`;
}
