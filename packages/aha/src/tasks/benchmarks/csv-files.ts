/** CSV files with a header, alone, in folders or in a ZIP, as splits of a dataset; other formats as everywhere. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { listSplits, parseSplit } from "../../data/data-files.ts";
import type { DataRow } from "../../data/data-row.ts";
import { parseCsv } from "../../data/read-csv.ts";
import { readRows } from "../../data/read-rows.ts";
import { readZip } from "../../data/read-zip.ts";

interface CsvFile {
  readonly name: string;
  read(): string;
}

const splitWords: Readonly<Record<string, string>> = {
  train: "train",
  dev: "dev",
  val: "validation",
  valid: "validation",
  validation: "validation",
  test: "test",
};

function csvFiles(path: string): CsvFile[] {
  if (path.endsWith(".zip")) {
    return readZip(path)
      .filter(({ name }) => name.endsWith(".csv") && !name.includes("__MACOSX"))
      .map(({ name, read }) => ({ name, read: () => read().toString("utf8") }));
  }
  if (path.endsWith(".csv")) return [{ name: basename(path), read: () => readFileSync(path, "utf8") }];
  if (!statSync(path).isDirectory()) return [];
  return readdirSync(path, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".csv"))
    .sort()
    .map((name) => ({ name, read: () => readFileSync(join(path, name), "utf8") }));
}

/** By the end of a file's name (`law_val.csv`), else by the folder it is in (`test/law.csv`); null: it tells none. */
function splitOf(name: string): string | null {
  const last = /[_-]([a-z]+)\.csv$/.exec(name)?.[1] ?? basename(name, ".csv");
  return splitWords[last] ?? splitWords[basename(dirname(name))] ?? null;
}

/** The file's name without its split: what the files of one subject have in common. */
const subjectOf = (name: string): string => basename(name, ".csv").replace(/[_-](train|dev|val|test)$/, "");

/** As `listSplits`, for CSV files as well; none for a single file. */
export function listCsvSplits(path: string): readonly string[] {
  const files = csvFiles(path);
  if (files.length === 0) return listSplits(path);
  if (path.endsWith(".csv")) return [];
  return [...new Set(files.map(({ name }) => splitOf(name)).filter((split) => split !== null))];
}

/** As `readRows`, for CSV files as well; a column `subject` names the file where the rows have none. */
export async function* readCsvRows(path: string, split: string): AsyncGenerator<DataRow> {
  const files = csvFiles(path);
  if (files.length === 0) {
    yield* readRows(path, { split });
    return;
  }
  const { name: wanted, start, end } = parseSplit(split);
  const named = listCsvSplits(path);
  const right = splitWords[wanted] ?? wanted;
  let position = 0;
  for (const file of files.filter(({ name }) => named.length === 0 || splitOf(name) === right)) {
    let header: readonly string[] | null = null;
    for (const { fields, line } of parseCsv(file.read(), file.name)) {
      if (header === null) {
        header = fields;
        continue;
      }
      if (position >= end) return;
      if (position++ < start) continue;
      const columns = Object.fromEntries(header.map((name, index) => [name, fields[index] ?? ""]));
      yield { columns: { subject: subjectOf(file.name), ...columns }, source: `${file.name}:${line}` };
    }
  }
}
