/** GSM8K as a task: grade-school word problems whose answer is a number behind `####`. */
import { z } from "zod";
import type { DataRow } from "../data/data-row.ts";
import { dataOptions } from "./data-options.ts";
import { dataTask, type RowQuestion, textColumn } from "./data-task.ts";
import {
  checkedGold,
  demonstrateMath,
  MATH_INSTRUCTION,
  type MathColumns,
  mathEvaluation,
  mathReward,
} from "./math-reward.ts";
import { formatRewards, type PromptOptions, promptOf, promptOptions } from "./prompt-forms.ts";
import { taskKind } from "./task-source.ts";

const schema = z.strictObject({ ...dataOptions, ...promptOptions });

/** Rows `{question, answer}` (also `problem`); the answer's last line is `#### 18`, or the answer is the number alone. */
export const gsm8k = taskKind({
  name: "gsm8k",
  description: "Grade-school word problems (GSM8K): a number; hub: openai/gsm8k",
  schema,
  load: (options) =>
    dataTask<MathColumns>({
      name: "gsm8k",
      options,
      hubSubset: "main",
      question: (row) => toQuestion(row, options),
      rewards: [mathReward(options, { gold: "answer" }), ...formatRewards(options)],
      demonstrate: (columns) => demonstrateMath(columns, options),
      evaluation: mathEvaluation({}, { gold: "answer" }),
    }),
});

function toQuestion(row: DataRow, options: PromptOptions): RowQuestion<MathColumns> {
  const problem = textColumn(row, ["question", "problem"], "the question");
  const answer = textColumn(row, ["answer", "gold"], "the answer");
  const gold = checkedGold(row, goldOf(answer), { gold: "answer" });
  return {
    text: problem,
    prompt: promptOf(`${problem}\n${MATH_INSTRUCTION}`, options),
    columns: { ...row.columns, problem, gold },
  };
}

/** What stands behind the last `####`, or the whole where there is none. */
function goldOf(answer: string): string {
  const mark = answer.lastIndexOf("####");
  return (mark < 0 ? answer : answer.slice(mark + "####".length)).trim();
}
