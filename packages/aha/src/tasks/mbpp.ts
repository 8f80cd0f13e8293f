/** MBPP as a task: short Python programs from one sentence, judged by assertions. */

import type { ProgramTest } from "@aha/verify";
import { z } from "zod";
import type { DataRow } from "../data/data-row.ts";
import { dataOptions } from "./data-options.ts";
import { dataTask, type RowQuestion, shown, TaskDataError, textColumn } from "./data-task.ts";
import { inFence } from "./extract-program.ts";
import { limitOptions, programReward } from "./program-reward.ts";
import {
  completionWith,
  formatRewards,
  type PromptOptions,
  promptOf,
  promptOptions,
} from "./prompt-forms.ts";
import type { Columns } from "./task.ts";
import { taskKind } from "./task-source.ts";

const schema = z.strictObject({ ...dataOptions, ...promptOptions, ...limitOptions });

/**
 * Rows `{task_id, text, code, test_list, test_setup_code}` (the sanitised form: `prompt`, `test_imports`). A file with
 * all rows is divided as its authors do: task 11–510 held out, 601–974 for training, the others on neither side.
 */
export const mbpp = taskKind({
  name: "mbpp",
  description:
    "Short Python programs (MBPP) judged by assertions in a sandbox; hub: google-research-datasets/mbpp",
  schema,
  load: (options) =>
    dataTask<Columns>({
      name: "mbpp",
      options,
      hubSubset: "full",
      question: (row) => toQuestion(row, options),
      rewards: [
        programReward({ options, language: () => "python", tests: testsOf }),
        ...formatRewards(options),
      ],
      demonstrate: ({ code }) => ({
        gold: typeof code === "string" ? code : null,
        right: typeof code === "string" ? completionWith(inFence(code, "python"), options) : null,
        wrong: completionWith(inFence("pass", "python"), options),
      }),
      side,
    }),
});

function toQuestion(row: DataRow, options: PromptOptions): RowQuestion<Columns> {
  const text = textColumn(row, ["text", "prompt"], "the problem");
  const tests = assertionsOf(row.columns);
  if (tests.length === 0) {
    throw new TaskDataError(
      `${row.source}: expected assertions, a list of text, in a column "test_list", got ` +
        `${shown(row.columns.test_list ?? null)}. Correct the row.`,
    );
  }
  return {
    text: `${text}\n${tests.join("\n")}`,
    prompt: promptOf(
      `You are an expert Python programmer, and here is your task: ${text}\nYour code should pass these tests:\n\n` +
        `${tests.join("\n")}\n\nGive the whole program in one \`\`\`python code block.`,
      options,
    ),
    columns: row.columns,
  };
}

const textsOf = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];

const assertionsOf = ({ test_list }: Columns): string[] => textsOf(test_list);

/** One test an assertion, so that a report says which failed. */
function testsOf(columns: Columns): ProgramTest[] {
  const setup = [
    ...textsOf(columns.test_imports),
    ...(typeof columns.test_setup_code === "string" ? [columns.test_setup_code] : []),
  ].join("\n");
  return assertionsOf(columns).map((code) => ({
    kind: "assertions",
    code,
    ...(setup.trim() === "" ? {} : { setup }),
  }));
}

/** 1–10 are for few-shot prompts, 511–600 for validation. */
function side({ columns }: DataRow): "train" | "heldOut" | null {
  const id = Number(columns.task_id);
  if (!Number.isInteger(id)) return "train";
  return id >= 601 ? "train" : id >= 11 && id <= 510 ? "heldOut" : null;
}
