/** Countdown as recipes and the command line name it: generated questions, or rows `{target, nums}` from a dataset. */
import { judgeCountdown } from "@aha/verify";
import { z } from "zod";
import type { DataRow } from "../data/data-row.ts";
import { type CountdownOptions, countdown } from "./countdown.ts";
import { drawComputation } from "./countdown-computation.ts";
import {
  CountdownQuestionError,
  countdownKey,
  countdownPrompt,
  readCountdownColumns,
} from "./countdown-questions.ts";
import { dataOptions } from "./data-options.ts";
import { dataTask, type RowQuestion, TaskDataError } from "./data-task.ts";
import { formatReward } from "./format-reward.ts";
import { createRandom } from "./random.ts";
import type { Columns, Demonstration, Question } from "./task.ts";
import { taskKind } from "./task-source.ts";

const integer = z.int().optional();

const schema = z.strictObject({
  ...dataOptions,
  path: dataOptions.path
    .optional()
    .describe("Rows {target, nums}: a file, folder or hub id. Left out: generated."),
  numbers: integer.describe("How many numbers a generated question has."),
  minimumNumber: integer,
  maximumNumber: integer,
  minimumTarget: integer,
  maximumTarget: integer,
  seed: integer,
  prompt: z
    .enum(["terse", "template", "chat"])
    .optional()
    .describe("terse: the miniature's own form; template: R1-Zero's, the default for rows."),
  promptOpensThinking: z.boolean().optional(),
});
type Options = z.output<typeof schema>;

export const countdownTask = taskKind({
  name: "countdown",
  description:
    "Make a number from others, each used exactly once; generated, or hub: Jiayi-Pan/Countdown-Tasks-3to4",
  schema,
  load: async (options) => {
    const { path } = options;
    const task = path === undefined ? countdown(given(options)) : await fromRows({ ...options, path });
    return { ...task, demonstrate };
  },
});

/** Options that were left out stay out, as exact optional properties ask. */
function given(options: Options): CountdownOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

/** Looks for a solution by chance; few problems hide theirs from so many tries. */
function demonstrate({ id, columns }: Question): Demonstration {
  const { nums, target } = readCountdownColumns(columns, id);
  const random = createRandom("demonstration", id);
  const completion = (answer: string) => `<think>Let me try.</think> <answer>${answer}</answer>`;
  const limit = Math.max(target, ...nums) * Math.max(...nums) + nums.reduce((sum, value) => sum + value, 0);
  for (let tries = 0; tries < 50_000; tries++) {
    const { value, expression } = drawComputation(random, nums, limit);
    if (value === target)
      return { gold: String(target), right: completion(expression), wrong: completion(`${target}`) };
  }
  return { gold: String(target), right: null, wrong: completion(`${target}`) };
}

function fromRows(options: Options & { readonly path: string }) {
  const thinking = { promptOpensThinking: options.promptOpensThinking ?? false };
  return dataTask<Columns>({
    name: "countdown",
    options,
    question: (row) => toQuestion(row, options),
    rewards: [
      {
        name: "accuracy",
        weight: 1,
        judge: ({ question, completion }) => {
          const { nums, target } = readCountdownColumns(question.columns, question.id);
          return judgeCountdown(completion, nums, target, thinking);
        },
      },
      formatReward(thinking),
    ],
  });
}

function toQuestion(row: DataRow, { prompt = "template" }: Options): RowQuestion<Columns> {
  try {
    const problem = readCountdownColumns(row.columns, row.source);
    return {
      text: countdownKey(problem),
      prompt: countdownPrompt(problem, prompt),
      columns: { ...row.columns, nums: [...problem.nums], target: problem.target },
    };
  } catch (error) {
    if (error instanceof CountdownQuestionError) throw new TaskDataError(error.message);
    throw error;
  }
}
