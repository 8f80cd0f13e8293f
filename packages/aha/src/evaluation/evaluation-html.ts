/** An evaluation's page: the table, each benchmark's parts with their intervals, and links to the transcripts. */
import { pagePalette } from "../report/chart-style.ts";
import { escapeText } from "../report/escape.ts";
import { pageStyle } from "../report/page-style.ts";
import type { BenchmarkResult, EvaluationResults, SliceResult } from "./benchmark-result.ts";
import type { ResultsTable } from "./results-table.ts";
import { share } from "./results-table.ts";

const tableStyle = `
.scroll{overflow-x:auto}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;margin:14px 0;min-width:50%}
th,td{text-align:left;padding:5px 14px 5px 0;border-bottom:1px solid var(--line);vertical-align:top;white-space:nowrap}
th{font-weight:600}tr.first td{border-top:2px solid var(--line)}tr.headline td{font-weight:600}
td.published,th.published{color:var(--soft)}
.range{position:relative;display:inline-block;width:160px;height:8px;background:var(--line);border-radius:4px}
.range i{position:absolute;top:0;height:8px;border-radius:4px;background:var(--tone);opacity:.45}
.range b{position:absolute;top:-2px;width:3px;height:12px;border-radius:2px;background:var(--tone)}
a{color:var(--tone)}
`;

/** The frame that the evaluation's pages share. */
export function htmlPage(title: string, body: string, extra = ""): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeText(title)} · Aha</title>
<style>${pagePalette}${pageStyle}${tableStyle}</style>
</head>
<body class="t0">
<main>
${body}
</main>
${extra}
</body>
</html>
`;
}

/** @param links the first page of transcripts by benchmark's title */
export function evaluationHtml(
  runs: readonly EvaluationResults[],
  table: ResultsTable,
  links: Readonly<Record<string, string>>,
): string {
  const names = table.columns.slice(0, table.measured).join(", ");
  const sections = runs.flatMap(({ model, benchmarks }) =>
    benchmarks.map((result) => benchmarkHtml(result, runs.length > 1 ? `${model}: ` : "", links)),
  );
  return htmlPage(
    names,
    [
      `<h1>${escapeText(names)}</h1>`,
      `<p class="soft">${escapeText(runs.map(({ finishedAt }) => finishedAt.slice(0, 16).replace("T", " ")).join(", "))} UTC</p>`,
      tableHtml(table),
      ...table.notes.map((note) => `<p class="soft small">${escapeText(note)}</p>`),
      ...sections,
    ].join("\n"),
  );
}

function tableHtml({ columns, measured, rows }: ResultsTable): string {
  const kind = (index: number): string => (index < measured ? "" : ' class="published"');
  const head = columns
    .map((name, index) => `<th scope="col"${kind(index)}>${escapeText(name)}</th>`)
    .join("");
  const body = rows.map(({ benchmark, metric, cells, headline }, index) => {
    const first = rows[index - 1]?.benchmark !== benchmark;
    const classes = [first ? "first" : "", headline ? "headline" : ""]
      .filter((name) => name !== "")
      .join(" ");
    const values = cells.map((cell, column) => `<td${kind(column)}>${escapeText(cell)}</td>`).join("");
    return `<tr class="${classes}"><th scope="row">${first ? escapeText(benchmark) : ""}</th><td>${escapeText(metric)}</td>${values}</tr>`;
  });
  return (
    `<div class="scroll"><table><thead><tr><th scope="col">benchmark</th><th scope="col">metric</th>${head}</tr></thead>` +
    `<tbody>\n${body.join("\n")}\n</tbody></table></div>`
  );
}

function benchmarkHtml(
  result: BenchmarkResult,
  prefix: string,
  links: Readonly<Record<string, string>>,
): string {
  const link = links[result.title];
  const outcomes = Object.entries(result.outcomes)
    .filter(([, value]) => value > 0)
    .map(([name, value]) => `${name} ${(100 * value).toFixed(1)} %`)
    .join(", ");
  const options = Object.entries(result.options)
    .map(([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(", ");
  return [
    `<h2>${escapeText(prefix + result.title)}</h2>`,
    link === undefined ? "" : `<p><a href="${escapeText(encodeURI(link))}">Every transcript</a></p>`,
    outcomes === "" ? "" : `<p>Verdicts: ${escapeText(outcomes)}.</p>`,
    `<p class="soft small">${escapeText(`task ${result.task}${options === "" ? "" : `: ${options}`}`)}</p>`,
    ...result.notes.map((note) => `<p class="soft small">${escapeText(note)}</p>`),
    ...Object.entries(result.slices).map(([dimension, parts]) => slicesHtml(dimension, parts)),
  ]
    .filter((line) => line !== "")
    .join("\n");
}

function slicesHtml(dimension: string, parts: Readonly<Record<string, SliceResult>>): string {
  const rows = Object.entries(parts).map(([name, part]) => {
    const left = (value: number): string => `${(100 * value).toFixed(1)}%`;
    const bar =
      `<span class="range" aria-hidden="true"><i style="left:${left(part.low)};width:${left(part.high - part.low)}"></i>` +
      `<b style="left:${left(part.value)}"></b></span>`;
    return `<tr><th scope="row">${escapeText(name)}</th><td>${bar}</td><td>${escapeText(share(part))}</td><td class="soft">${part.questions} questions</td></tr>`;
  });
  return `<h3>By ${escapeText(dimension)}</h3><div class="scroll"><table><tbody>${rows.join("\n")}</tbody></table></div>`;
}
