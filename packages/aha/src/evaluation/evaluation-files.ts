/** An evaluation's folder: what was asked for, every sample as a JSON line, the results, the pages. */
import { existsSync, mkdirSync, readFileSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomically } from "../run/atomic.ts";
import { JsonLineWriter, readJsonLines } from "../run/json-lines.ts";
import { type RunLock, takeRunLock } from "../run/run-lock.ts";
import type { EvaluationResults } from "./benchmark-result.ts";
import { type SampleRecord, sampleRecord } from "./sample-record.ts";

const RESULTS = "results.json";

/** A folder that holds no evaluation where one is expected. */
export class EvaluationFolderError extends Error {
  override readonly name = "EvaluationFolderError";
}

/** A file's name for a benchmark's title. */
export const fileNameOf = (title: string): string =>
  title.replace(/[^\p{L}\p{N}.@-]+/gu, "-").replace(/^[-.]+|-+$/g, "") || "benchmark";

/** Written to by one process at a time. */
export class EvaluationFolder {
  readonly path: string;
  readonly #lock: RunLock;

  /** Makes the folder where there is none. Throws RunLockedError where another process writes to it. */
  constructor(path: string) {
    mkdirSync(join(path, "samples"), { recursive: true });
    this.path = path;
    this.#lock = takeRunLock(join(path, "lock"));
  }

  samplesPath(title: string): string {
    return join(this.path, "samples", `${fileNameOf(title)}.jsonl`);
  }

  /**
   * The records of a benchmark that are there, and a writer behind them. A line that a kill has torn is cut away;
   * where a sample was tried several times, the last record counts.
   */
  open(title: string): { readonly records: Map<string, SampleRecord>; readonly writer: JsonLineWriter } {
    const path = this.samplesPath(title);
    const records = new Map<string, SampleRecord>();
    if (existsSync(path)) {
      let end = 0;
      for (const line of readJsonLines(path)) {
        end = line.end;
        const record = sampleRecord.safeParse(line.value);
        if (record.success) records.set(record.data.key, record.data);
      }
      truncateSync(path, end);
    }
    return { records, writer: new JsonLineWriter(path, "append") };
  }

  write(name: string, text: string): void {
    mkdirSync(join(this.path, ...name.split("/").slice(0, -1)), { recursive: true });
    writeFileAtomically(join(this.path, ...name.split("/")), text);
  }

  writeResults(results: EvaluationResults): void {
    this.write(RESULTS, `${JSON.stringify(results, null, 2)}\n`);
  }

  close(): void {
    this.#lock.release();
  }
}

/** The results in a folder, finished or not. Throws EvaluationFolderError. */
export function readResults(folder: string): EvaluationResults {
  const path = join(folder, RESULTS);
  if (!existsSync(path)) {
    throw new EvaluationFolderError(
      `${folder}: expected the folder of an evaluation, with a ${RESULTS} in it, found none. ` +
        "`aha evaluate` names the folder that it writes to",
    );
  }
  const value = JSON.parse(readFileSync(path, "utf8")) as Partial<EvaluationResults>;
  if (value.version === 1 && Array.isArray(value.benchmarks)) return value as EvaluationResults;
  throw new EvaluationFolderError(`${path}: expected results of version 1, got ${String(value.version)}`);
}

/** The records of one benchmark as they lie in a folder, by key of the last. */
export function readSamples(folder: string, title: string): SampleRecord[] {
  const path = join(folder, "samples", `${fileNameOf(title)}.jsonl`);
  if (!existsSync(path)) return [];
  const records = new Map<string, SampleRecord>();
  for (const { value } of readJsonLines(path)) {
    const record = sampleRecord.parse(value);
    records.set(`${record.question}\0${record.sample}`, record);
  }
  return [...records.values()];
}
