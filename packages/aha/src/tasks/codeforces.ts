/** Competition programming as a task: a statement, and tests of standard input and output. */

import { z } from "zod";
import type { DataRow } from "../data/data-row.ts";
import { dataOptions } from "./data-options.ts";
import { dataTask, type RowQuestion, shown, TaskDataError, textColumn } from "./data-task.ts";
import { fenceTag, inFence } from "./extract-program.ts";
import { limitOptions, programReward } from "./program-reward.ts";
import { completionWith, formatRewards, promptOf, promptOptions } from "./prompt-forms.ts";
import type { Columns } from "./task.ts";
import { taskKind } from "./task-source.ts";
import type { Checker, InputOutputTest } from "./verify-interim.ts";

const schema = z.strictObject({
  ...dataOptions,
  ...promptOptions,
  ...limitOptions,
  language: z.enum(["python", "cpp", "javascript", "typescript"]).default("python"),
  checker: z
    .enum(["tokens", "lines", "any-order"])
    .default("tokens")
    .describe("tokens: words separated by white space; lines: whole lines; any-order: lines in any order."),
  tolerance: z
    .number()
    .nonnegative()
    .optional()
    .describe("Numbers may differ so much, absolutely or relatively."),
  tests: z.int().min(1).optional().describe("At most so many tests of each problem."),
});
type Options = z.output<typeof schema>;

/** Columns that hold tests, the fullest first. */
const testColumns = ["tests", "official_tests", "test_cases", "public_test_cases", "examples"] as const;

/**
 * Rows with a statement (`problem`, `description`, `question_content`, `question`) and tests, as values or as JSON text:
 * `[{input, output}]` or `{inputs, outputs}`.
 */
export const codeforces = taskKind({
  name: "codeforces",
  description:
    "Competition programs (Codeforces, CodeContests, LiveCodeBench-like) by input and output in a sandbox",
  schema,
  load: (options) =>
    dataTask<Columns>({
      name: "codeforces",
      options,
      question: (row) => toQuestion(row, options),
      rewards: [
        programReward({
          options,
          language: () => options.language,
          tests: (columns) => testsOf({ columns, source: "a question" }, options),
        }),
        ...formatRewards(options),
      ],
      demonstrate: ({ solution, solutions }) => {
        const known =
          typeof solution === "string" ? solution : typeof solutions === "string" ? solutions : null;
        return {
          gold: known,
          right: known === null ? null : completionWith(inFence(known, options.language), options),
          wrong: completionWith(
            inFence(options.language === "cpp" ? "int main() {}" : "", options.language),
            options,
          ),
        };
      },
    }),
});

function toQuestion(row: DataRow, options: Options): RowQuestion<Columns> {
  const names = ["problem", "description", "question_content", "question", "statement"];
  const problem = textColumn(row, names, "the statement").trim();
  testsOf(row, options);
  const asked =
    "Write a program that solves this problem. It reads standard input and writes standard output. Give the whole " +
    `program in one \`\`\`${fenceTag(options.language)} code block.`;
  return { text: problem, prompt: promptOf(`${problem}\n\n${asked}`, options), columns: row.columns };
}

function testsOf(row: DataRow, options: Options): InputOutputTest[] {
  const column = testColumns.find((name) => (row.columns[name] ?? null) !== null);
  const value = column === undefined ? null : (row.columns[column] ?? null);
  const pairs = pairsOf(typeof value === "string" ? parsed(value) : value);
  if (pairs === null || pairs.length === 0) {
    throw new TaskDataError(
      `${row.source}: expected tests [{input, output}] or {inputs, outputs} in one of ${testColumns.join(", ")}, got ` +
        `${shown(value)}. Tests by calls of a function are another task's.`,
    );
  }
  const checker = checkerOf(options);
  return pairs.slice(0, options.tests).map(([stdin, stdout]) => ({ kind: "io", stdin, stdout, checker }));
}

function checkerOf({ checker, tolerance }: Options): Checker {
  if (checker === "lines") return { kind: "lines" };
  return { kind: checker, ...(tolerance === undefined ? {} : { tolerance }) };
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return null; // The caller names the row.
  }
}

const pairList = z.array(z.object({ input: z.string(), output: z.string() }));
const pairColumns = z.object({ inputs: z.array(z.string()), outputs: z.array(z.string()) });

function pairsOf(value: unknown): Array<readonly [input: string, output: string]> | null {
  const list = pairList.safeParse(value);
  if (list.success) return list.data.map(({ input, output }) => [input, output] as const);
  const columns = pairColumns.safeParse(value);
  if (!columns.success || columns.data.inputs.length !== columns.data.outputs.length) return null;
  return columns.data.inputs.map((input, index) => [input, columns.data.outputs[index] ?? ""] as const);
}
