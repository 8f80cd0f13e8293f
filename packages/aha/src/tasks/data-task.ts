/** Builds a task from a dataset's rows: every gold is read before anything runs, and no question is on both sides. */
import { createHash } from "node:crypto";
import type { DataRow } from "../data/data-row.ts";
import { parseHubId } from "../data/hub-dataset.ts";
import type { DataOptions } from "./data-options.ts";
import { hashString } from "./random.ts";
import { readSplits, type SplitLister, type SplitReader } from "./read-splits.ts";
import type { Columns, Demonstration, Question, Reward, Task, TaskEvaluation } from "./task.ts";

/** What a task makes of a row. */
export interface RowQuestion<Row extends Columns> {
  /** The question's own text: it names the question, and the hash split goes by it. */
  readonly text: string;
  readonly prompt: Question["prompt"];
  /** The dataset's columns, and what the task adds. */
  readonly columns: Row;
}

export interface DataTaskDefinition<Row extends Columns> {
  readonly name: string;
  readonly options: DataOptions;
  /** Null for a row that the options leave out. Throws TaskDataError where the row or its gold is of no use. */
  readonly question: (row: DataRow) => RowQuestion<Row> | null;
  readonly rewards: readonly Reward[];
  readonly demonstrate?: (columns: Row) => Demonstration;
  /** The configuration that is read of a hub's dataset where the options name none. */
  readonly hubSubset?: string;
  /** Used where the options do not say; default 10. */
  readonly heldOutOneIn?: number;
  /** For rows that say by themselves which side they belong to; null: on neither. */
  readonly side?: (row: DataRow) => "train" | "heldOut" | null;
  readonly read?: SplitReader;
  readonly list?: SplitLister;
  readonly evaluation?: TaskEvaluation;
}

/** A row that cannot become a question: says where, what was expected, and what came. */
export class TaskDataError extends Error {
  override readonly name = "TaskDataError";
}

/** The start of a value, for messages. */
export function shown(value: unknown): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "nothing");
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

/** The first of these columns that holds text. Throws TaskDataError naming the row. */
export function textColumn(row: DataRow, names: readonly string[], what: string): string {
  for (const name of names) {
    const value = row.columns[name];
    if (typeof value === "string" && value.trim() !== "") return value;
  }
  const blank = names.find((name) => name in row.columns);
  if (blank !== undefined) {
    const came = shown(row.columns[blank]);
    throw new TaskDataError(
      `${row.source}: expected ${what} as text in "${blank}", got ${came || "nothing"}.`,
    );
  }
  throw new TaskDataError(
    `${row.source}: expected ${what} in a column ${names.map((name) => `"${name}"`).join(" or ")}, ` +
      `got columns ${Object.keys(row.columns).join(", ") || "none"}. Rename the column.`,
  );
}

/** How many faulty rows an error names. */
const NAMED_ROWS = 5;

/**
 * The task. Questions that come twice stay, as published figures count them; one that is held out is left out of
 * training. Throws DataError for
 * data that cannot be read, and TaskDataError naming the rows that cannot be used, unless they are to be dropped.
 */
export async function dataTask<Row extends Columns>(definition: DataTaskDefinition<Row>): Promise<Task<Row>> {
  const { name, options, rewards, demonstrate, evaluation } = definition;
  const rows = await readSplits(withSubset(definition), definition.read, definition.list);
  const reader = new RowReader(definition);
  const { train, heldOut } =
    rows.kind === "named"
      ? { heldOut: reader.read(rows.heldOut), train: reader.read(rows.train) }
      : reader.divide(rows.rows, definition.side);
  reader.refuse();
  const away = new Set(heldOut.map(({ id }) => withoutRepeat(id)));
  const kept = train.filter(({ id }) => !away.has(withoutRepeat(id)));
  if (kept.length < train.length) {
    reader.notes.push(`${train.length - kept.length} training questions are held out too; they don't train`);
  }
  if (kept.length + heldOut.length === 0) {
    throw new TaskDataError(
      `task "${name}": expected questions in ${options.path}, got none. Look at the path and at the options that leave rows out.`,
    );
  }
  return {
    name,
    train: mixed(kept).slice(0, options.train),
    heldOut: mixed(heldOut).slice(0, options.heldOut),
    rewards,
    notes: reader.notes,
    ...(demonstrate === undefined ? {} : { demonstrate: ({ columns }) => demonstrate(columns) }),
    ...(evaluation === undefined ? {} : { evaluation }),
  };
}

function withSubset<Row extends Columns>({ options, hubSubset }: DataTaskDefinition<Row>): DataOptions {
  const named = options.subset !== undefined || parseHubId(options.path) === null;
  return named || hubSubset === undefined ? options : { ...options, subset: hubSubset };
}

/**
 * Questions in an order by hash, the same wherever they stood: datasets are sorted by subject or difficulty, and the first
 * hundred of them would be no sample.
 */
function mixed<Row extends Columns>(questions: readonly Question<Row>[]): Question<Row>[] {
  return questions
    .map((question) => ({ question, key: hashString(`order ${question.id}`) }))
    .sort((a, b) => a.key - b.key)
    .map(({ question }) => question);
}

const withoutRepeat = (id: string): string => id.replace(/#\d+$/, "");

/** Turns rows into questions, and remembers what was wrong with the others. */
class RowReader<Row extends Columns> {
  readonly notes: string[] = [];
  readonly #definition: DataTaskDefinition<Row>;
  readonly #faults: string[] = [];
  #rows = 0;

  constructor(definition: DataTaskDefinition<Row>) {
    this.#definition = definition;
  }

  /** An id is unique: the second question of the same text is called `…#2`. */
  read(rows: readonly DataRow[]): Question<Row>[] {
    const repeats = new Map<string, number>();
    const questions: Question<Row>[] = [];
    for (const row of rows) {
      const question = this.#question(row);
      if (question === null) continue;
      const count = (repeats.get(question.id) ?? 0) + 1;
      repeats.set(question.id, count);
      questions.push(count === 1 ? question : { ...question, id: `${question.id}#${count}` });
    }
    return questions;
  }

  /** By what the rows say, else by a hash of each question's text: the same text is always on the same side. */
  divide(
    rows: readonly DataRow[],
    side: DataTaskDefinition<Row>["side"],
  ): { train: Question<Row>[]; heldOut: Question<Row>[] } {
    if (side !== undefined && this.#definition.options.heldOutOneIn === undefined) {
      const of = (wanted: "train" | "heldOut") => this.read(rows.filter((row) => side(row) === wanted));
      return { heldOut: of("heldOut"), train: of("train") };
    }
    const oneIn = this.#definition.options.heldOutOneIn ?? this.#definition.heldOutOneIn ?? 10;
    const questions = this.read(rows);
    const isHeldOut = ({ id }: Question) => oneIn > 0 && hashString(withoutRepeat(id)) % oneIn === 0;
    return {
      heldOut: questions.filter(isHeldOut),
      train: questions.filter((question) => !isHeldOut(question)),
    };
  }

  #question(row: DataRow): Question<Row> | null {
    const { name, question } = this.#definition;
    this.#rows += 1;
    try {
      const made = question(row);
      if (made === null) return null;
      const digest = createHash("sha256").update(made.text).digest("hex").slice(0, 16);
      return { id: `${name}:${digest}`, prompt: made.prompt, columns: made.columns };
    } catch (error) {
      if (!(error instanceof TaskDataError)) throw error;
      this.#faults.push(error.message);
      return null;
    }
  }

  /** Throws where rows were faulty; or notes that they are left out, where that was asked for. */
  refuse(): void {
    const { name, options } = this.#definition;
    const faults = this.#faults;
    if (faults.length === 0) return;
    const named = faults.slice(0, NAMED_ROWS).join("\n  ");
    const more = faults.length > NAMED_ROWS ? `\n  … and ${faults.length - NAMED_ROWS} more` : "";
    if (options.unparsedGold === "drop" && faults.length < this.#rows) {
      this.notes.push(`${faults.length} of ${this.#rows} rows were left out:\n  ${named}${more}`);
      return;
    }
    throw new TaskDataError(
      `task "${name}": ${faults.length} of ${this.#rows} rows cannot be used:\n  ${named}${more}\n` +
        `Correct them, or leave them out by the option unparsedGold: "drop".`,
    );
  }
}
