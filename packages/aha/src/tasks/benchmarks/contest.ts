/** Mathematical contests beside AIME as a task: AMC, CNMO and the like, answered by a number or in LaTeX. */
import { z } from "zod";
import type { DataRow } from "../../data/data-row.ts";
import { dataOptions } from "../data-options.ts";
import { dataTask, type RowQuestion, shown, TaskDataError, textColumn } from "../data-task.ts";
import {
  checkedGold,
  demonstrateMath,
  MATH_INSTRUCTION,
  type MathColumns,
  mathEvaluation,
  mathReward,
} from "../math-reward.ts";
import { formatRewards, type PromptOptions, promptOf, promptOptions } from "../prompt-forms.ts";
import { taskKind } from "../task-source.ts";

const schema = z.strictObject({ ...dataOptions, ...promptOptions });

/** Rows `{problem, answer}` (also `question`, `expected_answer`), the answer as a number (27.0 is 27) or as LaTeX. */
export const contest = taskKind({
  name: "contest",
  description: "Mathematical contests (AMC, CNMO and the like); hub: AI-MO/aimo-validation-amc",
  schema,
  load: (options) =>
    dataTask<MathColumns>({
      name: "contest",
      options,
      question: (row) => toQuestion(row, options),
      rewards: [mathReward(options), ...formatRewards(options)],
      demonstrate: (columns) => demonstrateMath(columns, options),
      heldOutOneIn: 1,
      evaluation: mathEvaluation({ paperSamples: 16 }),
    }),
});

function toQuestion(row: DataRow, options: PromptOptions): RowQuestion<MathColumns> {
  const problem = textColumn(row, ["problem", "question"], "the problem").trim();
  const { answer = row.columns.expected_answer ?? null } = row.columns;
  if (typeof answer !== "number" && (typeof answer !== "string" || answer.trim() === "")) {
    throw new TaskDataError(
      `${row.source}: expected a number or text in "answer" or "expected_answer", got ${shown(answer)}. Correct the row.`,
    );
  }
  return {
    text: problem,
    prompt: promptOf(`${problem}\n${MATH_INSTRUCTION}`, options),
    columns: { ...row.columns, problem, gold: checkedGold(row, String(answer).trim()) },
  };
}
