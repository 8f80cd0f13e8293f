/** One row of a dataset: its columns, and where it came from. */
import type { JsonValue } from "@aha/verify";

/** A row with its columns by name. */
export interface DataRow {
  readonly columns: Readonly<Record<string, JsonValue>>;
  /** `file:line` (JSON Lines) or `file:row n` (JSON, Parquet), counted from 1; for messages. */
  readonly source: string;
}

/** Whether a value that JSON or Parquet gave is an object, and so can be a row. */
export function isColumns(value: JsonValue | undefined): value is { [key: string]: JsonValue } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
