/** Writes an evaluation's table (Markdown, HTML) and the pages with every transcript into its folder. */
import type { EvaluationResults } from "./benchmark-result.ts";
import { type EvaluationFolder, fileNameOf, readSamples } from "./evaluation-files.ts";
import { evaluationHtml } from "./evaluation-html.ts";
import { columnsNamed, type PublishedColumn } from "./published.ts";
import { resultsTable } from "./results-table.ts";
import { tableMarkdown } from "./table-text.ts";
import { transcriptPages } from "./transcript-pages.ts";

/** The published columns that were asked for; else DeepSeek-R1's where a benchmark compares with it. */
export function chooseColumns(
  runs: readonly EvaluationResults[],
  names: readonly string[] | undefined,
): PublishedColumn[] {
  if (names !== undefined) return columnsNamed(names);
  const comparable = runs.some(({ benchmarks }) => benchmarks.some(({ published }) => published.length > 0));
  return comparable ? columnsNamed(["DeepSeek-R1"]) : [];
}

export function writePages(
  folder: EvaluationFolder,
  results: EvaluationResults,
  published: readonly string[] | undefined,
): void {
  const table = resultsTable([results], chooseColumns([results], published));
  folder.write("table.md", tableMarkdown(table));
  const links: Record<string, string> = {};
  for (const { title, reward } of results.benchmarks) {
    const pages = transcriptPages(title, reward, readSamples(folder.path, title));
    const name = fileNameOf(title);
    for (const [index, page] of pages.entries()) {
      folder.write(`transcripts/${name}-${index + 1}.html`, page);
    }
    links[title] = `transcripts/${name}-1.html`;
  }
  folder.write("report.html", evaluationHtml([results], table, links));
}
