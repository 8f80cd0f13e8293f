/** MMLU as its authors publish it: a folder or a ZIP of CSV files without a header, `<split>/<subject>_<split>.csv`. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { listSplits, parseSplit } from "../data/data-files.ts";
import type { DataRow } from "../data/data-row.ts";
import { type CsvRecord, parseCsv } from "../data/read-csv.ts";
import { readRows } from "../data/read-rows.ts";
import { readZip } from "../data/read-zip.ts";
import { TaskDataError } from "./data-task.ts";

interface CsvFile {
  readonly name: string;
  readonly source: string;
  read(): string;
}

/** The split that a file is of, by its name's end; `val` is validation, and `dev` its examples for few-shot prompts. */
const fileName = /(?:^|\/)([\w-]+)_(auxiliary_train|train|dev|val|test)\.csv$/;
const canonical: Readonly<Record<string, string>> = { val: "validation", auxiliary_train: "train" };

function csvFiles(path: string): CsvFile[] {
  if (path.endsWith(".zip")) {
    return readZip(path)
      .filter(({ name }) => fileName.test(name))
      .map(({ name, read }) => ({ name, source: `${path}/${name}`, read: () => read().toString("utf8") }));
  }
  if (!statSync(path).isDirectory()) return [];
  return readdirSync(path, { recursive: true, encoding: "utf8" })
    .filter((name) => fileName.test(name))
    .sort()
    .map((name) => ({ name, source: join(path, name), read: () => readFileSync(join(path, name), "utf8") }));
}

const splitOfFile = (name: string): string => {
  const split = fileName.exec(name)?.[2] ?? "";
  return canonical[split] ?? split;
};

function ownSplits(path: string, files: readonly CsvFile[]): readonly string[] {
  return files.length === 0 ? listSplits(path) : [...new Set(files.map(({ name }) => splitOfFile(name)))];
}

/** As `listSplits`, for CSV files as well. Validation serves as `train` where there is a test split and no training. */
export function listMmluSplits(path: string): readonly string[] {
  const splits = ownSplits(path, csvFiles(path));
  const standsIn = splits.includes("validation") && splits.includes("test") && !splits.includes("train");
  return standsIn ? [...splits, "train"] : splits;
}

/** As `readRows`, for CSV files as well, and with validation for a training split that is not there. */
export async function* readMmluRows(path: string, split: string): AsyncGenerator<DataRow> {
  const files = csvFiles(path);
  const { name: wanted, start, end } = parseSplit(split);
  const splits = ownSplits(path, files);
  const standsIn = wanted === "train" && splits.length > 0 && !splits.includes("train");
  const name = standsIn ? "validation" : (canonical[wanted] ?? wanted);
  if (files.length === 0) {
    yield* readRows(path, { split: split.replace(wanted, name) });
    return;
  }
  let position = 0;
  for (const file of files.filter((each) => splitOfFile(each.name) === name)) {
    const subject = fileName.exec(file.name)?.[1] ?? "";
    for (const record of parseCsv(file.read(), file.source)) {
      if (position >= end) return;
      if (position++ >= start) yield toRow(record, file.source, subject);
    }
  }
}

/** Question, options, and the letter of the right one. */
function toRow({ fields, line }: CsvRecord, file: string, subject: string): DataRow {
  const source = `${file}:${line}`;
  if (fields.length < 4) {
    throw new TaskDataError(
      `${source}: expected a question, its options and a letter, got ${fields.length} fields. Correct the line.`,
    );
  }
  const [question = "", ...rest] = fields;
  const choices = rest.slice(0, -1);
  return { columns: { question, choices, answer: rest.at(-1) ?? "", subject }, source };
}
