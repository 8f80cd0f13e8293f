/** MATH as a task: competition mathematics by level and subject, with answers in LaTeX. */
import { z } from "zod";
import type { DataRow } from "../data/data-row.ts";
import { dataOptions } from "./data-options.ts";
import { dataTask, type RowQuestion, shown, TaskDataError, textColumn } from "./data-task.ts";
import {
  checkedGold,
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
  levels: z.array(z.int().min(1).max(5)).min(1).optional().describe("Only these levels, such as [4, 5]."),
  subjects: z.array(z.string()).min(1).optional().describe('Only these subjects, such as ["Algebra"].'),
  units: z.enum(["ignored", "kept"]).default("ignored").describe("Whether units are part of an answer."),
});
type Options = z.output<typeof schema>;

/**
 * Rows `{problem, answer}`, or `{problem, solution}` whose answer is the solution's `\boxed{}`; `level` as a number or
 * `Level 5`, `subject` or `type`.
 */
export const math = taskKind({
  name: "math",
  description: "Competition mathematics (MATH, MATH-500, and rows like theirs): an answer in LaTeX",
  schema,
  load: (options) =>
    dataTask<MathColumns>({
      name: "math",
      options,
      question: (row) => toQuestion(row, options),
      rewards: [mathReward(options, { units: options.units }), ...formatRewards(options)],
      demonstrate: (columns) => demonstrateMath(columns, options),
      evaluation: mathEvaluation(
        {
          paperSamples: 16,
          published: [{ row: "MATH-500", questions: 500 }],
          slices: ({ level, subject, type }) => ({
            ...(level === undefined ? {} : { level: String(level).replace(/^Level /, "") }),
            ...(subject === undefined && type === undefined ? {} : { subject: String(subject ?? type) }),
          }),
        },
        { units: options.units },
      ),
    }),
});

function toQuestion(row: DataRow, options: Options): RowQuestion<MathColumns> | null {
  if (!isWanted(row, options)) return null;
  const problem = textColumn(row, ["problem", "question"], "the problem");
  const answer = textColumn(row, ["answer", "gold", "expected_answer", "solution"], "the answer");
  const gold = checkedGold(row, answer, { units: options.units });
  return {
    text: problem,
    prompt: promptOf(`${problem}\n${MATH_INSTRUCTION}`, options),
    columns: { ...row.columns, problem, gold },
  };
}

function isWanted(row: DataRow, { levels, subjects }: Options): boolean {
  if (levels !== undefined && !levels.includes(levelOf(row))) return false;
  if (subjects === undefined) return true;
  return subjects.includes(textColumn(row, ["subject", "type"], "the subject"));
}

function levelOf(row: DataRow): number {
  const { level } = row.columns;
  const found = typeof level === "string" ? Number(/^(?:Level )?([1-5])$/.exec(level.trim())?.[1]) : level;
  if (typeof found === "number" && Number.isInteger(found)) return found;
  throw new TaskDataError(
    `${row.source}: expected a column "level" (5 or "Level 5"), since levels were asked for, got ${shown(level ?? null)}. ` +
      "Leave the option levels out, or add the column.",
  );
}
