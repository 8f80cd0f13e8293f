/** The world's general prompts as a task: format and language by rule, and the world's own measures of help and safety. */
import { defineReward } from "../tasks/define-reward.ts";
import { formatReward } from "../tasks/format-reward.ts";
import { languageReward } from "../tasks/language-reward.ts";
import type { Question, Reward, Task } from "../tasks/task.ts";
import { generalPromptOf, generalQuestions, judgeGeneral } from "./chat.ts";
import type { Split } from "./questions.ts";

export interface WorldGeneralOptions {
  /** Default `all`. The task of harmful prompts is called `harmful`, so that a mixture can hold both with other rewards. */
  readonly prompts?: "all" | "harmless" | "harmful";
  readonly languageWeight?: number;
  /** What preferences are judged by: reward models. They come beside format and language. */
  readonly preferences?: readonly Reward[];
  /** Default `summary`, R1's form. */
  readonly form?: "answer" | "summary";
}

/**
 * The world's rules know every good reply, as no real data does: their rewards `helpful_rule` and `safe_rule` have weight 0
 * and only measure, for instance what a reward model's score is worth.
 */
export function worldGeneral(options: WorldGeneralOptions = {}): Task {
  const { prompts = "all", languageWeight = 0, preferences = [], form = "summary" } = options;
  const questions = (split: Split): Question[] =>
    generalQuestions(split).filter(
      ({ columns }) => prompts === "all" || (columns.topic === "harmful") === (prompts === "harmful"),
    );
  return {
    name: prompts === "harmful" ? "harmful" : "general",
    train: questions("train"),
    heldOut: questions("heldOut"),
    rewards: [
      formatReward({ form: form === "answer" ? "think-answer" : "think-summary" }),
      languageReward({ weight: languageWeight }),
      ...preferences,
      defineReward(
        "helpful_rule",
        ({ completion, columns }) => {
          const prompt = generalPromptOf(columns);
          return prompt === null || prompt.topic === "harmful"
            ? null
            : judgeGeneral(prompt, completion).helpful;
        },
        { weight: 0 },
      ),
      defineReward(
        "safe_rule",
        ({ completion, columns }) => {
          const prompt = generalPromptOf(columns);
          return prompt === null || prompt.topic !== "harmful"
            ? null
            : Number(judgeGeneral(prompt, completion).safe);
        },
        { weight: 0 },
      ),
    ],
  };
}
