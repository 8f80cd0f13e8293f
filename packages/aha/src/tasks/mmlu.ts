/** MMLU as a task: questions with four to eight options, answered by a letter. */

import { verifyChoice } from "@aha/verify";
import { z } from "zod";
import type { DataRow } from "../data/data-row.ts";
import { answerPart } from "./answer-part.ts";
import { dataOptions } from "./data-options.ts";
import { dataTask, type RowQuestion, shown, TaskDataError, textColumn } from "./data-task.ts";
import { listMmluSplits, readMmluRows } from "./mmlu-files.ts";
import {
  completionWith,
  formatRewards,
  type PromptOptions,
  promptOf,
  promptOptions,
} from "./prompt-forms.ts";
import type { Columns, Reward } from "./task.ts";
import { taskKind } from "./task-source.ts";

const schema = z.strictObject({
  ...dataOptions,
  ...promptOptions,
  subjects: z.array(z.string()).min(1).optional().describe('Only these subjects, such as ["anatomy"].'),
});
type Options = z.output<typeof schema>;

interface ChoiceColumns extends Columns {
  readonly question: string;
  readonly choices: string[];
  /** The right option's letter, A to H. */
  readonly gold: string;
}

const letters = "ABCDEFGH";

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
      demonstrate: ({ gold, choices }) => ({
        gold,
        right: completionWith(`\\boxed{${gold}}`, options),
        wrong: completionWith(`\\boxed{${letters[(letters.indexOf(gold) + 1) % choices.length]}}`, options),
      }),
      read: readMmluRows,
      list: listMmluSplits,
    }),
});

function choiceReward(options: PromptOptions): Reward {
  return {
    name: "accuracy",
    weight: 1,
    judge: ({ question, completion }) => {
      const answer = answerPart(completion, options);
      if (answer === null) return { value: 0, outcome: "unparsed", detail: "no answer behind the thinking" };
      const { gold, choices } = question.columns as ChoiceColumns;
      const { outcome, detail } = verifyChoice(answer, gold, { choices });
      return { value: outcome === "correct" ? 1 : 0, outcome, detail };
    },
  };
}

function toQuestion(row: DataRow, options: Options): RowQuestion<ChoiceColumns> | null {
  if (options.subjects !== undefined) {
    const subject = textColumn(row, ["subject", "category"], "the subject");
    if (!options.subjects.includes(subject)) return null;
  }
  const question = textColumn(row, ["question", "prompt"], "the question").trim();
  const choices = choicesOf(row);
  const gold = goldOf(row, choices.length);
  const listed = choices.map((choice, index) => `${letters[index]}) ${choice}`).join("\n");
  const text = `${question}\n\n${listed}`;
  return {
    text,
    prompt: promptOf(
      `${text}\n\nPlease reason step by step, and put the letter of the right option within \\boxed{}.`,
      options,
    ),
    columns: { ...row.columns, question, choices, gold },
  };
}

function choicesOf(row: DataRow): string[] {
  const { choices, options } = row.columns;
  const list = choices ?? options ?? [...letters].flatMap((letter) => row.columns[letter] ?? []);
  const texts = Array.isArray(list) ? list.filter((choice) => typeof choice === "string") : [];
  if (texts.length >= 2 && texts.length <= letters.length) return texts;
  throw new TaskDataError(
    `${row.source}: expected 2 to 8 options as a list of text in "choices", or in columns A, B, …, got ${shown(list)}. ` +
      "Rename the columns.",
  );
}

function goldOf(row: DataRow, choices: number): string {
  const { answer = null } = row.columns;
  const index =
    typeof answer === "string" && /^[A-H]$/.test(answer.trim())
      ? letters.indexOf(answer.trim())
      : typeof answer === "string" && /^\d$/.test(answer)
        ? Number(answer)
        : answer;
  if (typeof index === "number" && Number.isInteger(index) && index >= 0 && index < choices) {
    return letters.charAt(index);
  }
  throw new TaskDataError(
    `${row.source}: expected "answer" to be a letter or an index of the ${choices} options, got ${shown(answer)}. ` +
      "Correct the row.",
  );
}
