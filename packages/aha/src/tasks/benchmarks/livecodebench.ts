/** LiveCodeBench as a task: programming problems by the date of their contest, on standard input or as a method. */
import { inflateSync } from "node:zlib";
import type { ProgramTest } from "@aha/verify";
import { z } from "zod";
import type { DataRow } from "../../data/data-row.ts";
import { dataOptions } from "../data-options.ts";
import { dataTask, type RowQuestion, shown, TaskDataError, textColumn } from "../data-task.ts";
import { inFence } from "../extract-program.ts";
import { limitOptions, programReward } from "../program-reward.ts";
import { completionWith, formatRewards, promptOf, promptOptions } from "../prompt-forms.ts";
import type { Columns, JsonValue } from "../task.ts";
import { taskKind } from "../task-source.ts";
import { PickledTextError, pickledText } from "./pickled-text.ts";

const day = z.string().regex(/^\d{4}-\d{2}-\d{2}$/, "expected a day such as 2024-08-01");

const schema = z.strictObject({
  ...dataOptions,
  ...promptOptions,
  ...limitOptions,
  from: day
    .optional()
    .describe("Only contests on this day or later, such as 2024-08-01: after the model's training data."),
  until: day.optional().describe("Only contests on this day or earlier, such as 2025-01-31."),
  difficulties: z
    .array(z.enum(["easy", "medium", "hard"]))
    .min(1)
    .optional()
    .describe('Only these, such as ["hard"].'),
  tests: z.int().min(1).optional().describe("At most so many tests of each problem, the public ones first."),
});
type Options = z.output<typeof schema>;

/**
 * The published rows (code_generation_lite): `question_content`, `starter_code`, `difficulty`, `contest_date`,
 * `public_test_cases` as JSON text, `private_test_cases` as JSON text or packed, `metadata` with `func_name`.
 */
export const livecodebench = taskKind({
  name: "livecodebench",
  description:
    "Recent programming problems (LiveCodeBench) in a window of dates; hub: livecodebench/code_generation_lite",
  schema,
  load: (options) =>
    dataTask<Columns>({
      name: "livecodebench",
      options,
      question: (row) => toQuestion(row, options),
      rewards: [
        programReward({
          options,
          language: () => "python",
          tests: (columns) => testsOf({ columns, source: "a question" }, options),
          complete: (columns, code) => completed(code, functionOf(columns)),
        }),
        ...formatRewards(options),
      ],
      demonstrate: () => ({
        gold: null,
        right: null,
        wrong: completionWith(inFence("pass", "python"), options),
      }),
      heldOutOneIn: 1,
      evaluation: {
        paperSamples: 8,
        slices: ({ difficulty, contest_date: date }) => ({
          ...(typeof difficulty === "string" ? { difficulty } : {}),
          ...(typeof date === "string" ? { month: date.slice(0, 7) } : {}),
        }),
      },
    }),
});

function toQuestion(row: DataRow, options: Options): RowQuestion<Columns> | null {
  const { difficulty } = row.columns;
  if (options.difficulties?.every((wanted) => wanted !== difficulty)) return null;
  if (options.from !== undefined || options.until !== undefined) {
    const date = textColumn(row, ["contest_date"], "the contest's date").slice(0, 10);
    if (date < (options.from ?? date) || date > (options.until ?? date)) return null;
  }
  const problem = textColumn(row, ["question_content"], "the statement").trim();
  testsOf(row, options);
  const starter = typeof row.columns.starter_code === "string" ? row.columns.starter_code.trimEnd() : "";
  const format =
    starter.trim() === ""
      ? "Read the inputs from stdin, solve the problem and write the answer to stdout (do not directly test on the sample " +
        "inputs). Give the whole program in one ```python code block."
      : `Use the following starter code, and give the whole program in one \`\`\`python code block.\n\`\`\`python\n${starter}\n\`\`\``;
  const asked =
    "You will be given a question (problem specification) and will generate a correct Python program that matches the " +
    `specification and passes all tests.\n\n### Question:\n${problem}\n\n### Format:\n${format}`;
  return { text: `${problem}\n${starter}`, prompt: promptOf(asked, options), columns: row.columns };
}

/** Names a solution under test; no method of the platforms is called so. */
const ENTRY = "aha_solution_entry";

/** What the platform has imported, and a function for the method that is called. */
function completed(code: string, name: string | null): string {
  if (name === null) return code;
  const imports =
    "import bisect, collections, functools, heapq, itertools, math, operator, random, re, string\n" +
    "from bisect import *\nfrom collections import *\nfrom functools import *\nfrom heapq import *\n" +
    "from itertools import *\nfrom math import *\nfrom typing import *\n";
  return `${imports}${code}\n\ndef ${ENTRY}(*given):\n    return Solution().${name}(*given)\n`;
}

function functionOf({ metadata }: Columns): string | null {
  const value: unknown = typeof metadata === "string" ? parsed(metadata) : metadata;
  const found = z.object({ func_name: z.string().regex(/^[A-Za-z_]\w*$/) }).safeParse(value);
  return found.success ? found.data.func_name : null;
}

const testList = z.array(
  z.object({ input: z.string(), output: z.string(), testtype: z.enum(["stdin", "functional"]) }),
);

/** The public tests and the private ones behind them. Throws TaskDataError naming the row. */
function testsOf(row: DataRow, { tests: most }: Options): ProgramTest[] {
  const { public_test_cases: open = null, private_test_cases: closed = null } = row.columns;
  const cases = [...casesOf(row, "public_test_cases", open), ...casesOf(row, "private_test_cases", closed)];
  const name = functionOf(row.columns);
  if (cases.length === 0)
    throw new TaskDataError(`${row.source}: expected tests, got none. Leave the row out.`);
  return cases.slice(0, most).map(({ input, output, testtype }): ProgramTest => {
    if (testtype === "stdin")
      return { kind: "io", stdin: input, stdout: output, checker: { kind: "tokens" } };
    if (name === null) {
      throw new TaskDataError(
        `${row.source}: expected "metadata" to name the method to call in func_name. Correct the row.`,
      );
    }
    // Each line of the input is an argument.
    const values = input
      .split("\n")
      .filter((line) => line.trim() !== "")
      .map((line) => jsonIn(row, line));
    return { kind: "call", function: ENTRY, arguments: values, expected: jsonIn(row, output) };
  });
}

function casesOf(row: DataRow, column: string, value: JsonValue): z.output<typeof testList> {
  if (value === null || value === "") return [];
  const list = testList.safeParse(
    typeof value === "string" ? (parsed(value) ?? unpacked(row, column, value)) : value,
  );
  if (list.success) return list.data;
  throw new TaskDataError(
    `${row.source}: expected [{input, output, testtype}] in "${column}", got ${shown(value)}. Correct the row.`,
  );
}

/** base64, then zlib, then a pickle of JSON text. */
function unpacked(row: DataRow, column: string, text: string): unknown {
  try {
    return JSON.parse(pickledText(inflateSync(Buffer.from(text, "base64"))));
  } catch (error) {
    const known =
      error instanceof PickledTextError ||
      error instanceof SyntaxError ||
      (error instanceof Error && "code" in error);
    if (!known) throw error;
    throw new TaskDataError(
      `${row.source}: "${column}" is neither JSON nor packed JSON (${error.message}). Fetch the data anew.`,
    );
  }
}

function jsonIn(row: DataRow, text: string): JsonValue {
  const value = parsed(text);
  if (value !== undefined && value !== null) return value;
  if (text.trim() === "null") return null;
  throw new TaskDataError(
    `${row.source}: expected a JSON value in a functional test, got ${shown(text)}. Correct the row.`,
  );
}

/** Null for what is no JSON. */
function parsed(json: string): JsonValue {
  try {
    const value: JsonValue = JSON.parse(json);
    return value;
  } catch {
    return null; // The caller knows another form, or names the row.
  }
}
