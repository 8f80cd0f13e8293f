/** AIME as a task: fifteen problems an exam, each answered by a whole number from 0 to 999. */
import { z } from "zod";
import type { DataRow } from "../data/data-row.ts";
import { dataOptions } from "./data-options.ts";
import { dataTask, type RowQuestion, shown, TaskDataError, textColumn } from "./data-task.ts";
import {
  demonstrateMath,
  MATH_INSTRUCTION,
  type MathColumns,
  mathEvaluation,
  mathReward,
} from "./math-reward.ts";
import { formatRewards, promptOf, promptOptions } from "./prompt-forms.ts";
import { taskKind } from "./task-source.ts";

const schema = z.strictObject({
  ...dataOptions,
  ...promptOptions,
  years: z.array(z.int()).min(1).optional().describe("Only these years; needs a column year."),
});
type Options = z.output<typeof schema>;

/** Rows `{problem, answer}`, also `question`, `expected_answer`, `Problem`, `Answer`. All are held out unless asked. */
export const aime = taskKind({
  name: "aime",
  description: "AIME: a whole number from 0 to 999; held out altogether unless heldOutOneIn says otherwise",
  schema,
  load: (options) =>
    dataTask<MathColumns>({
      name: "aime",
      options,
      question: (row) => toQuestion(row, options),
      rewards: [mathReward(options, { gold: "answer" }), ...formatRewards(options)],
      demonstrate: (columns) => demonstrateMath(columns, options),
      heldOutOneIn: 1,
      evaluation: mathEvaluation(
        {
          paperSamples: 64,
          published: isOf2024(options) ? [{ row: "AIME 2024", questions: 30 }] : [],
          slices: ({ year }) => (year === undefined ? {} : { year: String(year) }),
        },
        { gold: "answer" },
      ),
    }),
});

/** Whether the options speak of 2024's exams: the rows need not tell their year. */
function isOf2024({ years, path }: Options): boolean {
  return years === undefined ? /20?24/.test(path) : years.length === 1 && years[0] === 2024;
}

function toQuestion(row: DataRow, options: Options): RowQuestion<MathColumns> | null {
  if (options.years !== undefined && !options.years.includes(yearOf(row))) return null;
  const problem = textColumn(row, ["problem", "question", "Problem"], "the problem");
  return {
    text: problem,
    prompt: promptOf(`${problem}\n${MATH_INSTRUCTION}`, options),
    columns: { ...row.columns, problem, gold: String(answerOf(row)) },
  };
}

/** `073` is 73. */
function answerOf(row: DataRow): number {
  const { columns } = row;
  const value = columns.answer ?? columns.expected_answer ?? columns.Answer ?? null;
  const number = typeof value === "string" && /^\s*\d{1,3}\s*$/.test(value) ? Number(value) : value;
  if (typeof number === "number" && Number.isInteger(number) && number >= 0 && number <= 999) return number;
  throw new TaskDataError(
    `${row.source}: expected a whole number from 0 to 999 in "answer" or "expected_answer", got ${shown(value)}. ` +
      "Correct the row.",
  );
}

function yearOf(row: DataRow): number {
  const { year } = row.columns;
  const found = typeof year === "string" ? Number(year) : year;
  if (typeof found === "number" && Number.isInteger(found)) return found;
  throw new TaskDataError(
    `${row.source}: expected a column "year", since years were asked for, got ${shown(year ?? null)}. ` +
      "Leave the option years out, or add the column.",
  );
}
