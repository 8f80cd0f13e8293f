/** What `aha evaluate` shows of folders of results: side by side, or the second tested against the first. */
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { type BenchmarkComparison, compareRuns } from "../../evaluation/compare-runs.ts";
import { readResults, readSamples } from "../../evaluation/evaluation-files.ts";
import { evaluationHtml } from "../../evaluation/evaluation-html.ts";
import { resultsTable } from "../../evaluation/results-table.ts";
import { tableMarkdown, tableText } from "../../evaluation/table-text.ts";
import { chooseColumns } from "../../evaluation/write-pages.ts";
import { writeFileAtomically } from "../../run/atomic.ts";
import { UsageError } from "../cli-error.ts";
import { namesOf } from "./evaluate-tasks.ts";

export interface ShowFlags {
  readonly published?: readonly string[];
  readonly output?: string;
  readonly table?: boolean;
  readonly json?: boolean;
}

/** Prints the table; with --table and --output also writes it as .html, .md or .json, by the name's end. */
export async function showFolders(folders: readonly string[], flags: ShowFlags): Promise<void> {
  const runs = folders.map(readResults);
  const names = flags.published === undefined ? undefined : await namesOf(flags.published);
  const table = resultsTable(runs, chooseColumns(runs, names));
  if (flags.table === true && flags.output !== undefined) {
    writeFileAtomically(resolve(flags.output), fileOf(flags.output));
    process.stdout.write(`${pathToFileURL(resolve(flags.output)).href}\n`);
    return;
  }
  process.stdout.write(flags.json === true ? `${JSON.stringify({ runs, table })}\n` : tableText(table));
  if (flags.table === true || flags.json === true) return;
  for (const folder of folders)
    process.stdout.write(`${pathToFileURL(resolve(folder, "report.html")).href}\n`);

  function fileOf(output: string): string {
    if (output.endsWith(".json")) return `${JSON.stringify({ runs, table }, null, 2)}\n`;
    if (output.endsWith(".md")) return tableMarkdown(table);
    if (output.endsWith(".html")) return evaluationHtml(runs, table, {});
    throw new UsageError(`--output ${output}: expected a name that ends in .html, .md or .json`);
  }
}

/** Benchmarks that both have, by title. */
export async function compareFolders(folders: readonly string[], flags: ShowFlags): Promise<void> {
  const [first, second] = folders;
  if (first === undefined || second === undefined || folders.length > 2) {
    throw new UsageError(`--compare takes two folders of results, got ${folders.length}`);
  }
  const [a, b] = [readResults(first), readResults(second)];
  const shared = a.benchmarks.filter(({ title }) => b.benchmarks.some((other) => other.title === title));
  if (shared.length === 0) {
    throw new UsageError(`${first} and ${second} have no benchmark in common; they are paired by title`);
  }
  const compared = compareRuns(
    shared.map(({ title, reward }) => ({
      title,
      reward,
      first: readSamples(first, title),
      second: readSamples(second, title),
    })),
  );
  if (flags.json === true) {
    for (const each of compared) process.stdout.write(`${JSON.stringify(each)}\n`);
    return;
  }
  process.stdout.write(`${a.model} → ${b.model}\n${compared.map(comparisonText).join("")}`);
  if (compared.length > 1) {
    process.stdout.write("Corrected: Holm's p-value over the benchmarks together.\n");
  }
}

/** A few lines for a person. */
export function comparisonText(comparison: BenchmarkComparison): string {
  const {
    title,
    questions,
    unpaired,
    first,
    second,
    difference,
    low,
    high,
    probability,
    mcnemar,
    corrected,
  } = comparison;
  const percent = (value: number): string => `${(100 * value).toFixed(1)}`;
  const signed = (value: number): string => `${value >= 0 ? "+" : "−"}${percent(Math.abs(value))}`;
  const lines = [
    `${title}: ${percent(first)} → ${percent(second)} %, ${signed(difference)} [${signed(low)}, ${signed(high)}] over ${questions} questions` +
      (unpaired > 0 ? ` (${unpaired} that only one answered are left out)` : ""),
    `  paired randomisation p = ${probability.toPrecision(2)}` +
      (mcnemar === null
        ? ""
        : `; McNemar: ${mcnemar.firstOnly} only the first, ${mcnemar.secondOnly} only the second, p = ${mcnemar.probability.toPrecision(2)}`) +
      `; corrected p = ${corrected.toPrecision(2)}`,
  ];
  return lines.map((line) => `${line}\n`).join("");
}
