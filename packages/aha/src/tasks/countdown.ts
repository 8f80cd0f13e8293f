/** Countdown as a task: make the target from the numbers, each used exactly once; accuracy + format rewards. */

import type { ThinkingOptions } from "@aha/verify";
import { judgeCountdown } from "@aha/verify";
import {
  type CountdownPromptForm,
  type CountdownQuestionOptions,
  countdownQuestions,
  readCountdownColumns,
} from "./countdown-questions.ts";
import { formatReward } from "./format-reward.ts";
import type { Question, Reward, Task } from "./task.ts";

export { judgeCountdown } from "@aha/verify";
export { countdownQuestions, readCountdownRows } from "./countdown-questions.ts";
export { formatReward } from "./format-reward.ts";

export interface CountdownOptions extends CountdownQuestionOptions, ThinkingOptions {
  /** How many training questions; default 1,500. */
  readonly train?: number;
  /** How many held-out questions; default 256. */
  readonly heldOut?: number;
  readonly seed?: number;
  /** How a question is asked; default `terse`, the miniature's form. */
  readonly prompt?: CountdownPromptForm;
  /** Questions from elsewhere (see `readCountdownRows`) in place of generated ones. */
  readonly questions?: { readonly train: readonly Question[]; readonly heldOut: readonly Question[] };
}

/**
 * The task. No generated held-out question (as sorted numbers and target) is among the training questions, nor
 * in the pretraining text, whatever the seeds. Throws CountdownQuestionError where the ranges hold too few.
 */
export function countdown(options: CountdownOptions = {}): Task {
  const { train = 1500, heldOut = 256, seed = 1 } = options;
  return {
    name: "countdown",
    train: options.questions?.train ?? countdownQuestions("train", train, seed, options),
    heldOut: options.questions?.heldOut ?? countdownQuestions("heldOut", heldOut, seed, options),
    rewards: [accuracyReward(options), formatReward(options)],
  };
}

/** 1 for a correct answer, else 0 (R1 paper, §2). */
function accuracyReward(options: ThinkingOptions): Reward {
  return {
    name: "accuracy",
    weight: 1,
    judge: ({ question, completion }) => {
      const { nums, target } = readCountdownColumns(question.columns, `question ${question.id}`);
      return judgeCountdown(completion, nums, target, options);
    },
  };
}
