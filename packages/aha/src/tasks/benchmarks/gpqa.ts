/** GPQA as a task: graduate-level questions whose four options are shuffled by a seed, since the right one is written first. */
import { z } from "zod";
import type { DataRow } from "../../data/data-row.ts";
import {
  type ChoiceColumns,
  choiceEvaluation,
  choiceLetters,
  choiceReward,
  demonstrateChoice,
  listedChoices,
} from "../choice-task.ts";
import { dataOptions } from "../data-options.ts";
import { dataTask, type RowQuestion, textColumn } from "../data-task.ts";
import { formatRewards, promptOf, promptOptions } from "../prompt-forms.ts";
import { createRandom } from "../random.ts";
import { taskKind } from "../task-source.ts";
import { listCsvSplits, readCsvRows } from "./csv-files.ts";

const schema = z.strictObject({
  ...dataOptions,
  ...promptOptions,
  seed: z.int().default(0).describe("Of the options' order, which is each question's own."),
});
type Options = z.output<typeof schema>;

const wrongNames = ["Incorrect Answer 1", "Incorrect Answer 2", "Incorrect Answer 3"];

/** The published columns `Question`, `Correct Answer`, `Incorrect Answer 1` … `3`, `High-level domain`, as CSV, JSON or Parquet. */
export const gpqa = taskKind({
  name: "gpqa",
  description: "Graduate-level multiple choice (GPQA, as gpqa_diamond.csv), options shuffled by a seed",
  schema,
  load: (options) =>
    dataTask<ChoiceColumns>({
      name: "gpqa",
      options,
      question: (row) => toQuestion(row, options),
      rewards: [choiceReward(options), ...formatRewards(options)],
      demonstrate: (columns) => demonstrateChoice(columns, options),
      heldOutOneIn: 1,
      read: readCsvRows,
      list: listCsvSplits,
      evaluation: choiceEvaluation({
        paperSamples: 64,
        published: [{ row: "GPQA Diamond", questions: 198 }],
        slices: ({ "High-level domain": domain }) => (typeof domain === "string" ? { domain } : {}),
      }),
    }),
});

/** OpenAI simple-evals' words, which the paper's figures were taken with. */
function toQuestion(row: DataRow, options: Options): RowQuestion<ChoiceColumns> {
  const question = textColumn(row, ["Question", "question"], "the question").trim();
  const right = textColumn(row, ["Correct Answer"], "the right answer").trim();
  const wrong = wrongNames.map((name) => textColumn(row, [name], "a wrong answer").trim());
  const random = createRandom("gpqa", options.seed, question);
  const order = [0, 1, 2, 3];
  for (let last = 3; last > 0; last--) {
    const other = random.below(last + 1);
    [order[last], order[other]] = [order[other] as number, order[last] as number];
  }
  const choices = order.map((index) => [right, ...wrong][index] as string);
  return {
    text: question,
    prompt: promptOf(
      "Answer the following multiple choice question. The last line of your response should be of the following " +
        "format: 'Answer: $LETTER' (without quotes) where LETTER is one of ABCD. Think step by step before answering." +
        `\n\n${question}\n\n${listedChoices(choices)}`,
      options,
    ),
    columns: { ...row.columns, question, choices, gold: choiceLetters.charAt(order.indexOf(0)) },
  };
}
