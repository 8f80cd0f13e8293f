/** CMMLU as a task: Chinese examinations in 67 subjects. */
import { z } from "zod";
import { type ChoiceColumns, choiceEvaluation, choiceReward, demonstrateChoice } from "../choice-task.ts";
import { dataOptions } from "../data-options.ts";
import { dataTask } from "../data-task.ts";
import { formatRewards, promptOptions } from "../prompt-forms.ts";
import { taskKind } from "../task-source.ts";
import { chineseQuestion } from "./chinese-choice.ts";
import { listCsvSplits, readCsvRows } from "./csv-files.ts";

const schema = z.strictObject({
  ...dataOptions,
  ...promptOptions,
  subjects: z.array(z.string()).min(1).optional().describe("Only these subjects, by their files' names."),
});

/** Rows `{question, A, B, C, D, answer}` as CSV by subject (a folder or a ZIP), JSON or Parquet. */
export const cmmlu = taskKind({
  name: "cmmlu",
  description: "Chinese examinations (CMMLU), multiple choice; hub: haonan-li/cmmlu",
  schema,
  load: (options) =>
    dataTask<ChoiceColumns>({
      name: "cmmlu",
      options,
      question: (row) => chineseQuestion(row, options),
      rewards: [choiceReward(options), ...formatRewards(options)],
      demonstrate: (columns) => demonstrateChoice(columns, options),
      heldOutOneIn: 1,
      read: readCsvRows,
      list: cmmluSplits,
      evaluation: choiceEvaluation({
        slices: ({ subject }) => (typeof subject === "string" ? { subject } : {}),
      }),
    }),
});

/** Its own held-out split alone: the others are examples for prompts, or have no answers. */
function cmmluSplits(path: string): readonly string[] {
  const splits = listCsvSplits(path);
  return splits.includes("test") ? ["test"] : splits;
}
