/** Knights and Knaves as a task: who tells the truth and who lies, judged against the puzzle's only solution. */

import { KnightsPuzzleError, solveKnightsPuzzle, verifyKnights } from "@aha/verify";
import { z } from "zod";
import type { DataRow } from "../data/data-row.ts";
import { answerPart } from "./answer-part.ts";
import { dataOptions } from "./data-options.ts";
import { dataTask, type RowQuestion, shown, TaskDataError, textColumn } from "./data-task.ts";
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
  people: z
    .array(z.int().min(2))
    .min(1)
    .optional()
    .describe("Only puzzles of so many people, such as [3, 4]."),
});
type Options = z.output<typeof schema>;

interface KnightsColumns extends Columns {
  readonly names: string[];
  /** What each says, as the datasets write it: a Python tuple. */
  readonly statements: string;
  /** Whether each is a knight. */
  readonly solution: boolean[];
}

/** Rows `{quiz, names, statements, solution}`; each puzzle is solved, and its solution compared with the row's. */
export const knightsAndKnaves = taskKind({
  name: "knights-and-knaves",
  description: "Who is a knight and who a knave; hub: K-and-K/knights-and-knaves",
  schema,
  load: (options) =>
    dataTask<KnightsColumns>({
      name: "knights-and-knaves",
      options,
      question: (row) => toQuestion(row, options),
      rewards: [puzzleReward(options), ...formatRewards(options)],
      demonstrate: ({ names, solution }) => ({
        gold: rolesText(names, solution),
        right: completionWith(rolesText(names, solution), options),
        wrong: completionWith(
          rolesText(
            names,
            solution.map((knight, person) => (person === 0 ? !knight : knight)),
          ),
          options,
        ),
      }),
    }),
});

function puzzleReward(options: PromptOptions): Reward {
  return {
    name: "accuracy",
    weight: 1,
    judge: ({ question, completion }) => {
      const answer = answerPart(completion, options);
      if (answer === null) return { value: 0, outcome: "unparsed", detail: "no answer behind the thinking" };
      const { outcome, detail } = verifyKnights(answer, question.columns as KnightsColumns);
      return { value: outcome === "correct" ? 1 : 0, outcome, detail };
    },
  };
}

function toQuestion(row: DataRow, options: Options): RowQuestion<KnightsColumns> | null {
  const names = namesOf(row);
  if (options.people !== undefined && !options.people.includes(names.length)) return null;
  const quiz = textColumn(row, ["quiz", "question"], "the puzzle");
  const statements = textColumn(row, ["statements"], "what each says, as a tuple,");
  const solution = solved(row, names, statements);
  return {
    text: quiz,
    prompt: promptOf(
      `${quiz}\n\nPlease reason step by step. Answer with one line for each, such as "(1) Zoey is a knight".`,
      options,
    ),
    columns: { ...row.columns, names, statements, solution },
  };
}

function namesOf(row: DataRow): string[] {
  const { names = null } = row.columns;
  if (Array.isArray(names)) {
    const texts = names.filter((name) => typeof name === "string");
    if (texts.length === names.length && texts.length >= 2) return texts;
  }
  throw new TaskDataError(
    `${row.source}: expected a list of names in "names", got ${shown(names)}. Correct the row.`,
  );
}

/** Throws TaskDataError where the puzzle has not exactly one solution, or the row says another. */
function solved(row: DataRow, names: readonly string[], statements: string): boolean[] {
  let solution: boolean[];
  try {
    solution = solveKnightsPuzzle({ names, statements });
  } catch (error) {
    if (error instanceof KnightsPuzzleError) throw new TaskDataError(`${row.source}: ${error.message}`);
    throw error;
  }
  const { solution: gold = null } = row.columns;
  if (gold === null || JSON.stringify(gold) === JSON.stringify(solution)) return solution;
  throw new TaskDataError(
    `${row.source}: expected "solution" to be the puzzle's only one, ${shown(solution)}, got ${shown(gold)}. Correct the row.`,
  );
}

const rolesText = (names: readonly string[], solution: readonly boolean[]): string =>
  names
    .map((name, person) => `(${person + 1}) ${name} is a ${solution[person] ? "knight" : "knave"}`)
    .join("\n");
