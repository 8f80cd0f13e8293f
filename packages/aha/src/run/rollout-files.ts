/** Rollouts on disk: every completion of a step with its tokens, log-probabilities and rewards. */
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { JsonLineWriter, readJsonLines } from "./json-lines.ts";
import type { RolloutRecord } from "./run-records.ts";

const namePattern = /^step-(\d{6,})\.jsonl$/;

/** `step-000123`, the name that checkpoints and rollouts of a step go by. */
export const stepName = (step: number) => `step-${String(step).padStart(6, "0")}`;

/** Writes one file of rollouts, line by line, as they happen. */
export class RolloutWriter {
  readonly #writer: JsonLineWriter;

  /** Replaces what a run killed in this very step may have left. */
  constructor(path: string) {
    this.#writer = new JsonLineWriter(path, "replace");
  }

  append(record: RolloutRecord): void {
    this.#writer.append({ ...record, logProbabilities: Array.from(record.logProbabilities, shortFloat32) });
  }

  close(): void {
    this.#writer.close();
  }
}

/** The shortest decimal that reads back as the same float32; not-a-number and infinities become null in JSON. */
export function shortFloat32(value: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return Number(value.toPrecision(9));
}

/** The records of one file, read as they come; a torn last line is left out. */
export function* readRollouts(path: string): Generator<RolloutRecord> {
  for (const { value } of readJsonLines(path)) {
    if (isRolloutRecord(value)) yield value;
  }
}

/** Steps that have a rollout file, in ascending order. */
export function rolloutSteps(folder: string): number[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .flatMap((name) => namePattern.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}

/** Removes the rollouts of steps that a resumed run will make anew. */
export function removeRolloutsAfter(folder: string, step: number): void {
  for (const later of rolloutSteps(folder).filter((other) => other > step)) {
    rmSync(join(folder, `${stepName(later)}.jsonl`));
  }
}

function isRolloutRecord(value: unknown): value is RolloutRecord {
  return typeof value === "object" && value !== null && "completion" in value && "prompt" in value;
}
