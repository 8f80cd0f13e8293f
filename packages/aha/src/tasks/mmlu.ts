/** MMLU as a task: questions with four to eight options, answered by a letter. */

import { z } from "zod";
import type { DataRow } from "../data/data-row.ts";
import {
  type ChoiceColumns,
  choiceEvaluation,
  choiceGold,
  choiceReward,
  choicesIn,
  demonstrateChoice,
  listedChoices,
} from "./choice-task.ts";
import { dataOptions } from "./data-options.ts";
import { dataTask, type RowQuestion, textColumn } from "./data-task.ts";
import { listMmluSplits, readMmluRows } from "./mmlu-files.ts";
import { formatRewards, promptOf, promptOptions } from "./prompt-forms.ts";
import { taskKind } from "./task-source.ts";

const schema = z.strictObject({
  ...dataOptions,
  ...promptOptions,
  subjects: z.array(z.string()).min(1).optional().describe('Only these subjects, such as ["anatomy"].'),
});
type Options = z.output<typeof schema>;

const MOST_CHOICES = 8;

/**
 * Rows `{question, choices, answer}` (the answer as index or letter), `{question, A, B, C, D, answer}`, or MMLU's own
 * folder or ZIP of CSV files. Zero-shot, since examples make reasoning models worse (R1 paper). Training: the split
 * named train or auxiliary_train, else validation.
 */
export const mmlu = taskKind({
  name: "mmlu",
  description: "Multiple choice (MMLU and rows like it, 4–8 options); hub: cais/mmlu",
  schema,
  load: (options) =>
    dataTask<ChoiceColumns>({
      name: "mmlu",
      options,
      hubSubset: "all",
      question: (row) => toQuestion(row, options),
      rewards: [choiceReward(options), ...formatRewards(options)],
      demonstrate: (columns) => demonstrateChoice(columns, options),
      evaluation: choiceEvaluation({
        published: [{ row: "MMLU", questions: 14_042 }],
        slices: ({ subject }) => (typeof subject === "string" ? { subject } : {}),
      }),
      read: readMmluRows,
      list: listMmluSplits,
    }),
});

function toQuestion(row: DataRow, options: Options): RowQuestion<ChoiceColumns> | null {
  if (options.subjects !== undefined) {
    const subject = textColumn(row, ["subject", "category"], "the subject");
    if (!options.subjects.includes(subject)) return null;
  }
  const question = textColumn(row, ["question", "prompt"], "the question").trim();
  const choices = choicesIn(row, MOST_CHOICES);
  const gold = choiceGold(row, row.columns.answer, choices.length);
  const text = `${question}\n\n${listedChoices(choices)}`;
  return {
    text,
    prompt: promptOf(
      `${text}\n\nPlease reason step by step, and put the letter of the right option within \\boxed{}.`,
      options,
    ),
    columns: { ...row.columns, question, choices, gold },
  };
}
