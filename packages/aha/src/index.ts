/** The public face of aha: recipes, tasks, and what they are made of. */
export { defineRecipe, type Recipe, type RecipeInput } from "./recipe/index.ts";
export { countdownText, worldTokenizer } from "./stages/registries.ts";
export { type CountdownOptions, countdown } from "./tasks/countdown.ts";
export type { CountdownCorpusOptions } from "./tasks/countdown-corpus.ts";
export type {
  JsonValue,
  Judgement,
  Message,
  Outcome,
  Question,
  Reward,
  RewardInput,
  Task,
} from "./tasks/task.ts";
