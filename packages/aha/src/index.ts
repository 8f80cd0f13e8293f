/** The public face of aha: recipes, tasks, and what they are made of. */
export { defineRecipe, type Recipe, type RecipeInput } from "./recipe/index.ts";
export { countdownText, worldTokenizer } from "./stages/registries.ts";
export { aime } from "./tasks/aime.ts";
export { codeforces } from "./tasks/codeforces.ts";
export { type CountdownOptions, countdown } from "./tasks/countdown.ts";
export type { CountdownCorpusOptions } from "./tasks/countdown-corpus.ts";
export {
  type CountdownTraceOptions,
  type CountdownTraces,
  countdownTraces,
} from "./tasks/countdown-traces.ts";
export {
  defineReward,
  type RewardArguments,
  type RewardFunction,
  type RewardOptions,
  type RewardResult,
  type TypedReward,
  withRewards,
} from "./tasks/define-reward.ts";
export { gsm8k } from "./tasks/gsm8k.ts";
export { humaneval } from "./tasks/humaneval.ts";
export { knightsAndKnaves } from "./tasks/knights-and-knaves.ts";
export { math } from "./tasks/math.ts";
export { mbpp } from "./tasks/mbpp.ts";
export { mmlu } from "./tasks/mmlu.ts";
export { prompts } from "./tasks/prompts.ts";
export type {
  Columns,
  JsonValue,
  Judgement,
  Message,
  Outcome,
  Question,
  Reward,
  RewardInput,
  Task,
} from "./tasks/task.ts";
export { type TaskKind, type TaskSource, taskKind } from "./tasks/task-source.ts";
