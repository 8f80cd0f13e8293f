/** A task whose questions are yet to be read: its name, its checked options, and how to load it. */
import type { z } from "zod";
import type { Columns, JsonValue, Task } from "./task.ts";

/** What a recipe holds in place of a task that lies in files: nothing is read before `load`. */
export interface TaskSource<Row extends Columns = Columns> {
  readonly name: string;
  /** As given, with defaults filled in; they and the data make the task. */
  readonly options: Columns;
  /** Reads the data and parses every gold. Throws DataError or TaskDataError, naming file and line. */
  load(): Promise<Task<Row>>;
  /** The same task with one option changed. Throws TaskOptionsError. */
  with(option: string, value: JsonValue): TaskSource<Row>;
}

/** A kind of task: called with options it gives the source of one. */
export interface TaskKind<Schema extends z.ZodObject = z.ZodObject, Row extends Columns = Columns> {
  (options: z.input<Schema>): TaskSource<Row>;
  readonly taskName: string;
  /** One line for `aha tasks`. */
  readonly description: string;
  /** A strict object; every option is described. */
  readonly schema: Schema;
  /** As the call, for options that come from outside. Throws TaskOptionsError. */
  from(options: unknown): TaskSource<Row>;
}

/** Options that do not fit their task; names each by its path. */
export class TaskOptionsError extends Error {
  override readonly name = "TaskOptionsError";
  constructor(task: string, problems: readonly string[], known: readonly string[]) {
    super(`task "${task}": ${problems.join("; ")}. Options: ${known.join(", ")}`);
  }
}

/** Makes a kind of task from its options' schema and what loads it. */
export function taskKind<Schema extends z.ZodObject, Row extends Columns>(definition: {
  readonly name: string;
  readonly description: string;
  readonly schema: Schema;
  readonly load: (options: z.output<Schema>) => Promise<Task<Row>>;
}): TaskKind<Schema, Row> {
  const { name, description, schema, load } = definition;
  const make = (given: unknown): TaskSource<Row> => {
    const result = schema.safeParse(given);
    if (!result.success) {
      const problems = result.error.issues.map(({ path, message }) =>
        path.length === 0 ? message : `${path.join(".")}: ${message}`,
      );
      throw new TaskOptionsError(name, problems, Object.keys(schema.shape));
    }
    const options = asJson(result.data);
    return {
      name,
      options,
      load: () => load(result.data),
      with: (option, value) => make({ ...options, [option]: value }),
    };
  };
  const call = (options: z.input<Schema>): TaskSource<Row> => make(options);
  return Object.assign(call, { taskName: name, description, schema, from: make });
}

/** Options come from JSON recipes, so that they are JSON; those left out stay out. */
function asJson(options: Readonly<Record<string, unknown>>): Columns {
  const value: Columns = JSON.parse(JSON.stringify(options));
  return value;
}

/** True for a task that is yet to be loaded. */
export function isTaskSource(value: unknown): value is TaskSource {
  return (
    typeof value === "object" &&
    value !== null &&
    "name" in value &&
    typeof value.name === "string" &&
    "load" in value &&
    typeof value.load === "function"
  );
}
