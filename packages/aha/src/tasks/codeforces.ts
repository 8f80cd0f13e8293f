/** Competition programming as a task: a statement, and tests of standard input and output. */

import type { Checker, ProgramTest } from "@aha/verify";
import { z } from "zod";
import type { DataRow } from "../data/data-row.ts";
import { ratingFigures, readRatingDistribution } from "./benchmarks/rating-figures.ts";
import { dataOptions } from "./data-options.ts";
import { dataTask, type RowQuestion, shown, TaskDataError, textColumn } from "./data-task.ts";
import { fenceTag, inFence } from "./extract-program.ts";
import { limitOptions, programReward } from "./program-reward.ts";
import { completionWith, formatRewards, promptOf, promptOptions } from "./prompt-forms.ts";
import type { Columns } from "./task.ts";
import { taskKind } from "./task-source.ts";

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
  ratingDistribution: z
    .string()
    .optional()
    .describe(
      "A CSV file rating,count of human ratings: for the percentile of problems with a column rating.",
    ),
});
type Options = z.output<typeof schema>;

/** Columns that hold tests, the fullest first. */
const testColumns = ["tests", "official_tests", "test_cases", "public_test_cases", "examples"] as const;

/**
 * Rows with a statement (`problem`, `description`, `question_content`, `question`) and tests, as values or as JSON text:
 * `[{input, output}]` or `{inputs, outputs}`; or, as LeetCode's, `{functional}`: Python assertions that call a function.
 */
export const codeforces = taskKind({
  name: "codeforces",
  description:
    "Competition programs (Codeforces, CodeContests, LiveCodeBench-like) by input and output in a sandbox",
  schema,
  load: async (options) => {
    const { ratingDistribution } = options;
    const population = ratingDistribution === undefined ? null : readRatingDistribution(ratingDistribution);
    return dataTask<Columns>({
      name: "codeforces",
      options,
      evaluation: {
        paperSamples: 16,
        figures: (samples) => ratingFigures(samples, population),
        slices: ({ rating }) => (rating === undefined || rating === null ? {} : { rating: String(rating) }),
      },
      question: (row) => toQuestion(row, options),
      rewards: [
        programReward({
          options,
          language: () => options.language,
          tests: (columns) => testsOf({ columns, source: "a question" }, options),
          complete: (columns, code) => (callsOf(columns) === null ? code : `${customaryImports}\n${code}`),
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
    });
  },
});

function toQuestion(row: DataRow, options: Options): RowQuestion<Columns> {
  const names = ["problem", "description", "question_content", "question", "statement"];
  const problem = textColumn(row, names, "the statement").trim();
  testsOf(row, options);
  const asked =
    callsOf(row.columns) !== null
      ? "Give the whole program in one ```python code block."
      : "Write a program that solves this problem. It reads standard input and writes standard output. Give the whole " +
        `program in one \`\`\`${fenceTag(options.language)} code block.`;
  return { text: problem, prompt: promptOf(`${problem}\n\n${asked}`, options), columns: row.columns };
}

/** What is there without being imported where such problems are set. */
const customaryImports = `import bisect, collections, functools, heapq, itertools, math, operator, random, re, string
from bisect import *
from collections import *
from functools import *
from heapq import *
from itertools import *
from math import *
from string import *
from typing import *
inf = float("inf")`;

/** Assertions that call a function of the program, where the row's tests are of that kind. */
function callsOf({ tests = null }: Columns): string | null {
  const value: unknown = typeof tests === "string" ? parsed(tests) : tests;
  const found = z.object({ functional: z.string() }).safeParse(value);
  return found.success ? found.data.functional : null;
}

function testsOf(row: DataRow, options: Options): ProgramTest[] {
  const calls = callsOf(row.columns);
  if (calls !== null && options.language === "python") return [{ kind: "assertions", code: calls }];
  const column = testColumns.find((name) => (row.columns[name] ?? null) !== null);
  const value = column === undefined ? null : (row.columns[column] ?? null);
  const pairs = pairsOf(typeof value === "string" ? parsed(value) : value);
  if (pairs === null || pairs.length === 0) {
    throw new TaskDataError(
      `${row.source}: expected tests [{input, output}] or {inputs, outputs} in one of ${testColumns.join(", ")}, got ` +
        `${shown(value)}. {functional} serves too, in Python.`,
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
