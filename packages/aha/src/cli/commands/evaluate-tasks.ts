/** The benchmarks that a command line of `aha evaluate` names: by --task, or in a file. */
import { readFileSync } from "node:fs";
import { z } from "zod";
import type { EvaluatedTask } from "../../contracts/work.ts";
import type { JsonValue } from "../../tasks/task.ts";
import { assignment } from "../arguments.ts";
import { UsageError } from "../cli-error.ts";

export interface TaskFlags {
  readonly task?: readonly string[];
  readonly taskOption?: readonly string[];
  readonly suite?: string;
  readonly questions?: number;
}

const suite = z
  .array(
    z
      .object({
        name: z.string(),
        title: z.string().exactOptional(),
        questions: z.int().min(1).exactOptional(),
        samples: z.int().min(1).exactOptional(),
      })
      .catchall(z.json()),
  )
  .min(1);

/** At least one. Throws UsageError. */
export async function evaluatedTasks(flags: TaskFlags): Promise<EvaluatedTask[]> {
  const common = Object.fromEntries((flags.taskOption ?? []).map(assignment));
  const named = (flags.task ?? []).map((spec): EvaluatedTask => {
    const [name = "", ...words] = splitWords(spec);
    const { title, ...options } = Object.fromEntries(words.map(assignment)) as Record<string, JsonValue>;
    return {
      task: { ...common, ...options, name },
      ...(title === undefined ? {} : { title: String(title) }),
      ...(flags.questions === undefined ? {} : { questions: flags.questions }),
    };
  });
  const listed = flags.suite === undefined ? [] : await readSuite(flags.suite, flags.questions);
  const tasks = [...named, ...listed];
  if (tasks.length > 0) return tasks;
  throw new UsageError(
    "no benchmark is named: give --task (such as --task countdown) or --suite; `aha tasks` lists the tasks",
  );
}

/** Words apart by blanks; quotes keep blanks together: `path="my data"`. */
export function splitWords(text: string): string[] {
  return [...text.matchAll(/(?:[^\s"']|"[^"]*"|'[^']*')+/g)].map(([word]) =>
    word.replace(/"([^"]*)"|'([^']*)'/g, (whole, double, single, at: number) =>
      // JSON behind the equals sign keeps its quotes.
      /[[{,:]$/.test(word.slice(0, at)) ? whole : (double ?? single),
    ),
  );
}

async function readSuite(file: string, questions: number | undefined): Promise<EvaluatedTask[]> {
  const text = readFileSync(file, "utf8");
  const { parse } = await import("yaml");
  let value: unknown;
  try {
    value = parse(text); // JSON is YAML too.
  } catch (error) {
    throw new UsageError(
      `${file}: expected JSON or YAML, got ${error instanceof Error ? error.message : error}`,
    );
  }
  const read = suite.safeParse(value);
  if (!read.success) {
    const [problem] = read.error.issues;
    throw new UsageError(
      `${file}: expected a list of benchmarks, each with a name; ${problem?.path.join(".") ?? ""}: ${problem?.message ?? ""}`,
    );
  }
  return read.data.map(({ title, questions: own, samples, ...task }) => ({
    task,
    ...(title === undefined ? {} : { title }),
    ...(own === undefined && questions === undefined
      ? {}
      : { questions: Math.min(own ?? Number.POSITIVE_INFINITY, questions ?? Number.POSITIVE_INFINITY) }),
    ...(samples === undefined ? {} : { samplesPerQuestion: samples }),
  }));
}

/** `all`, `none`, or the names themselves. */
export async function namesOf(published: readonly string[]): Promise<readonly string[]> {
  const [first] = published;
  if (first === "none") return [];
  if (first !== "all") return published;
  const { publishedColumns } = await import("../../evaluation/published.ts");
  return publishedColumns.map(({ name }) => name);
}
