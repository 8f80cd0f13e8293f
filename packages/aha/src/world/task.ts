/** The bilingual world's verifiable questions as a task: accuracy, format, language. */
import { formatReward } from "../tasks/format-reward.ts";
import { languageReward } from "../tasks/language-reward.ts";
import type { Reward, Task } from "../tasks/task.ts";
import { judgeWorldAnswer, type WorldForm } from "./answers.ts";
import { type KindName, kindNames, readWorldColumns, worldQuestions } from "./questions.ts";

export interface WorldOptions {
  /** Default: all three, taking turns. */
  readonly kinds?: readonly KindName[];
  /** How many training questions; default 1,800. */
  readonly train?: number;
  /** How many held-out questions; default 240. */
  readonly heldOut?: number;
  readonly seed?: number;
  /** Default `answer`, R1-Zero's. */
  readonly form?: WorldForm;
  /** Weight of the language reward; default 0: it is measured, and nothing is given for it. */
  readonly languageWeight?: number;
}

/** Half of the questions are in English, half in Chinese; no held-out one is in the corpus, whatever the seeds. */
export function world(options: WorldOptions = {}): Task {
  const { kinds = kindNames, train = 1_800, heldOut = 240, seed = 1, form = "answer" } = options;
  const { languageWeight = 0 } = options;
  return {
    name: "world",
    train: worldQuestions("train", train, seed, kinds),
    heldOut: worldQuestions("heldOut", heldOut, seed, kinds),
    rewards: worldRewards(form, languageWeight),
  };
}

/** Accuracy 0 or 1, format 0 or 1 (R1 §2.2: the same weight), language 0 … 1. */
export function worldRewards(form: WorldForm, languageWeight: number): Reward[] {
  return [
    worldAccuracy(form),
    formatReward({ form: form === "answer" ? "think-answer" : "think-summary" }),
    languageReward({ weight: languageWeight }),
  ];
}

/** The verifier by itself: 1 for the right answer in the form, else 0. */
export function worldAccuracy(form: WorldForm): Reward {
  return {
    name: "accuracy",
    weight: 1,
    judge({ question, completion }) {
      const { problem, language } = readWorldColumns(question.columns);
      return judgeWorldAnswer(completion, problem, language, form);
    },
  };
}
