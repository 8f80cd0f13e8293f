/** MMLU-Redux as a task: MMLU's questions that its reviewers found sound, or with their corrections. */
import { z } from "zod";
import type { DataRow } from "../../data/data-row.ts";
import {
  type ChoiceColumns,
  choiceEvaluation,
  choiceGold,
  choiceReward,
  choicesIn,
  demonstrateChoice,
  listedChoices,
} from "../choice-task.ts";
import { dataOptions } from "../data-options.ts";
import { dataTask, type RowQuestion, TaskDataError, textColumn } from "../data-task.ts";
import { formatRewards, promptOf, promptOptions } from "../prompt-forms.ts";
import { taskKind } from "../task-source.ts";

const schema = z.strictObject({
  ...dataOptions,
  ...promptOptions,
  errors: z
    .enum(["leave-out", "correct", "keep"])
    .default("leave-out")
    .describe(
      "What becomes of questions the reviewers faulted: left out; those with a wrong gold corrected and the rest left " +
        "out; or all kept as MMLU has them.",
    ),
});
type Options = z.output<typeof schema>;

/** Rows `{question, choices, answer, error_type, correct_answer}`, `error_type` being "ok" for a sound one. */
export const mmluRedux = taskKind({
  name: "mmlu-redux",
  description:
    "MMLU reviewed by hand (MMLU-Redux), sound questions alone; hub: edinburgh-dawg/mmlu-redux-2.0",
  schema,
  load: (options) =>
    dataTask<ChoiceColumns>({
      name: "mmlu-redux",
      options,
      question: (row) => toQuestion(row, options),
      rewards: [choiceReward(options), ...formatRewards(options)],
      demonstrate: (columns) => demonstrateChoice(columns, options),
      heldOutOneIn: 1,
      evaluation: choiceEvaluation({
        slices: ({ subject }) => (typeof subject === "string" ? { subject } : {}),
      }),
    }),
});

function toQuestion(row: DataRow, options: Options): RowQuestion<ChoiceColumns> | null {
  const question = textColumn(row, ["question"], "the question").trim();
  const choices = choicesIn(row, 8);
  const gold = goldOf(row, choices, options.errors);
  if (gold === null) return null;
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

/** Null for a question that is left out. A correction is a letter, an index, or an option's text. */
function goldOf(row: DataRow, choices: readonly string[], errors: Options["errors"]): string | null {
  const { answer, error_type: fault = "ok", correct_answer: correction = null } = row.columns;
  if (fault === "ok" || errors === "keep") return choiceGold(row, answer, choices.length);
  if (errors === "leave-out" || fault !== "wrong_groundtruth" || correction === null) return null;
  const byText = choices.findIndex((choice) => choice.trim() === String(correction).trim());
  if (byText >= 0) return choiceGold(row, byText, choices.length);
  try {
    return choiceGold(row, correction, choices.length);
  } catch (error) {
    // Some corrections are remarks; such a question has no gold.
    if (error instanceof TaskDataError) return null;
    throw error;
  }
}
