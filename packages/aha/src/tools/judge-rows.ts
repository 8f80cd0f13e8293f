/** Judges the rows of a JSON Lines stream one by one: each row in is one row out, in order, also where it cannot be judged. */
import type { JudgedRow } from "../contracts/work.ts";
import type { JsonValue, Outcome } from "../tasks/task.ts";
import { mapInOrder } from "./map-in-order.ts";
import { readLines, type TextLine } from "./read-lines.ts";

/** A row that cannot be judged: the message says what was expected and what came. */
export class RowError extends Error {
  override readonly name = "RowError";
}

/** Fields that are put beside the row's own. */
export interface Verdict {
  readonly outcome: Outcome;
  readonly [field: string]: JsonValue;
}

type Row = Readonly<Record<string, JsonValue>>;

export interface JudgeRowsOptions {
  /** Names the stream in messages. */
  readonly source: string;
  /** Rows judged at once; so many are held in memory. */
  readonly concurrency: number;
  /** Throws RowError for a row that is of no use; what else it throws is told of the row as well. */
  readonly judge: (row: Row) => Promise<Verdict>;
}

/**
 * A row that cannot be read or judged comes out with the outcome `error` and `problem`, which names file and line; the
 * others are judged all the same. Empty lines are passed over.
 */
export async function* judgeRows(
  chunks: AsyncIterable<Uint8Array>,
  options: JudgeRowsOptions,
): AsyncGenerator<JudgedRow> {
  const lines = notBlank(readLines(chunks));
  yield* mapInOrder(lines, options.concurrency, (line) => judgeLine(line, options));
}

async function* notBlank(lines: AsyncIterable<TextLine>): AsyncGenerator<TextLine> {
  for await (const line of lines) if (line.text.trim() !== "") yield line;
}

async function judgeLine(line: TextLine, { source, judge }: JudgeRowsOptions): Promise<JudgedRow> {
  let row: Row = {};
  try {
    row = parseRow(line);
    const { outcome, ...fields } = await judge(row);
    return { row: { ...row, outcome, ...fields }, outcome, problem: null, end: line.end };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const problem = `${source}:${line.line}: ${message}`;
    return { row: { ...row, outcome: "error", problem }, outcome: "error", problem, end: line.end };
  }
}

function parseRow({ text, cut, line }: TextLine): Row {
  if (cut) throw new RowError(`expected a line of at most ${text.length} bytes. Split the row`);
  const json = line === 1 ? text.replace(/^\uFEFF/, "") : text;
  let value: JsonValue;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new RowError(
      `expected JSON, got ${beginning(text)} (${cause instanceof Error ? cause.message : cause})`,
    );
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  throw new RowError(`expected a JSON object, got ${beginning(text)}`);
}

/** The start of a text, for messages. */
export const beginning = (text: string): string => (text.length > 60 ? `${text.slice(0, 60)}…` : text);
