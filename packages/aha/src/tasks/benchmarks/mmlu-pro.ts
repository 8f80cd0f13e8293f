/** MMLU-Pro as a task: up to ten options a question, by category. */
import { z } from "zod";
import type { DataRow } from "../../data/data-row.ts";
import {
  type ChoiceColumns,
  choiceEvaluation,
  choiceGold,
  choiceLetters,
  choiceReward,
  choicesIn,
  demonstrateChoice,
  listedChoices,
} from "../choice-task.ts";
import { dataOptions } from "../data-options.ts";
import { dataTask, type RowQuestion, textColumn } from "../data-task.ts";
import { formatRewards, type PromptOptions, promptOf, promptOptions } from "../prompt-forms.ts";
import { taskKind } from "../task-source.ts";

const schema = z.strictObject({ ...dataOptions, ...promptOptions });

/** Rows `{question, options, answer, category}`; the options "N/A", which fill the list up, are left out. */
export const mmluPro = taskKind({
  name: "mmlu-pro",
  description: "Multiple choice with up to ten options (MMLU-Pro); hub: TIGER-Lab/MMLU-Pro",
  schema,
  load: (options) =>
    dataTask<ChoiceColumns>({
      name: "mmlu-pro",
      options,
      question: (row) => toQuestion(row, options),
      rewards: [choiceReward(options), ...formatRewards(options)],
      demonstrate: (columns) => demonstrateChoice(columns, options),
      heldOutOneIn: 1,
      evaluation: choiceEvaluation({
        slices: ({ category }) => (typeof category === "string" ? { category } : {}),
      }),
    }),
});

/** The authors' words, without their examples: few-shot prompts make reasoning models worse (R1 paper). */
function toQuestion(row: DataRow, options: PromptOptions): RowQuestion<ChoiceColumns> {
  const question = textColumn(row, ["question"], "the question").trim();
  const choices = choicesIn(row, choiceLetters.length, ["options", "choices"]).filter(
    (choice) => choice !== "N/A",
  );
  const { answer, answer_index, category } = row.columns;
  const gold = choiceGold(row, answer ?? answer_index, choices.length);
  const text = `Question: ${question}\nOptions:\n${listedChoices(choices, ". ")}`;
  const about = typeof category === "string" ? ` about ${category}` : "";
  return {
    text,
    prompt: promptOf(
      `The following is a multiple choice question${about}. Think step by step and then finish your answer with ` +
        `"the answer is (X)" where X is the correct letter choice.\n\n${text}`,
      options,
    ),
    columns: { ...row.columns, question, choices, gold },
  };
}
