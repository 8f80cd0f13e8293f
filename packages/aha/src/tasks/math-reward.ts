/** The accuracy reward of maths tasks: the answer is equal to the gold, whatever its form. */

import { GoldError, type MathOptions, parseGold } from "@aha/verify";
import type { DataRow } from "../data/data-row.ts";
import { answerPart } from "./answer-part.ts";
import { TaskDataError } from "./data-task.ts";
import { completionWith, type PromptOptions } from "./prompt-forms.ts";
import type { Columns, Demonstration, Reward, TaskEvaluation } from "./task.ts";
import { verifiers } from "./verifier-thread.ts";

/** What the paper's prompts ask for in maths (R1 paper, evaluation set-up). */
export const MATH_INSTRUCTION = "Please reason step by step, and put your final answer within \\boxed{}.";

/** The columns the reward reads. */
export interface MathColumns extends Columns {
  readonly problem: string;
  readonly gold: string;
}

/** A worker's own deadline is far shorter; this is for the queue before it, at the end of a large step. */
export const VERIFIER_DEADLINE_SECONDS = 900;

/** 1 for an answer that is equal to the column `gold`, else 0 (R1 paper, §2). */
export function mathReward(options: PromptOptions, math: MathOptions = {}): Reward {
  return {
    name: "accuracy",
    weight: 1,
    deadlineSeconds: VERIFIER_DEADLINE_SECONDS,
    judge: async ({ question, completion }) => {
      const answer = answerPart(completion, options);
      if (answer === null) return { value: 0, outcome: "unparsed", detail: "no answer behind the thinking" };
      const { gold, problem } = question.columns as MathColumns;
      const { outcome, predicted, how } = await verifiers.call("verifyMath", answer, gold, {
        ...math,
        question: problem,
      });
      return {
        value: outcome === "correct" ? 1 : 0,
        outcome,
        detail: `${predicted ?? "no answer"}: ${how}`,
        ...(predicted === null ? {} : { answer: predicted }),
      };
    },
  };
}

/** Votes of a majority are one where the verifier takes either for the other's gold. */
export function mathEvaluation(more: TaskEvaluation = {}, math: MathOptions = {}): TaskEvaluation {
  return {
    sameAnswer: async (first, second) => {
      const { outcome } = await verifiers.call("verifyMath", `\\boxed{${second}}`, `\\boxed{${first}}`, math);
      return outcome === "correct";
    },
    ...more,
  };
}

/** The gold in a box, and a number that hardly anything asks for. */
export function demonstrateMath({ gold }: MathColumns, options: PromptOptions): Demonstration {
  const boxed = gold.includes("\\boxed") ? gold : `\\boxed{${gold}}`;
  return {
    gold,
    right: completionWith(`The answer is $${boxed}$.`, options),
    wrong: completionWith("The answer is $\\boxed{-271828}$.", options),
  };
}

/** The gold itself. Throws TaskDataError naming the row where the verifier cannot read it. */
export function checkedGold(row: DataRow, gold: string, math: MathOptions = {}): string {
  try {
    parseGold(gold, math);
    return gold;
  } catch (error) {
    if (!(error instanceof GoldError)) throw error;
    throw new TaskDataError(`${row.source}: ${error.message}`);
  }
}
