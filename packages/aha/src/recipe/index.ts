/** The recipe part's public face. */

export { checkedOptions } from "./checked-options.ts";
export { defineRecipe, parseRecipe, type Recipe, type RecipeInput } from "./define-recipe.ts";
export { recipeJsonSchema } from "./json-schema.ts";
export { loadRecipe } from "./load-recipe.ts";
export { applyOverrides } from "./overrides.ts";
export type { PretrainRecipe, PretrainRecipeInput } from "./pretrain-schema.ts";
export { pretrainSteps } from "./pretrain-schema.ts";
export { RecipeError, type RecipeProblem } from "./recipe-error.ts";
export type { ReinforcementRecipe, ReinforcementRecipeInput } from "./reinforcement-schema.ts";
export type { PreferenceRows, RewardModelRecipe, RewardModelRecipeInput } from "./reward-model-schema.ts";
export { recipeDifferences, resumeObstacles, serialiseRecipe } from "./serialise-recipe.ts";
export type { SupervisedRecipe, SupervisedRecipeInput, SupervisedRows } from "./supervised-schema.ts";
export {
  type Corpus,
  loadTask,
  type Reference,
  type Registry,
  resolveCorpus,
  resolveReference,
  resolveTask,
  type TokenizerBuilder,
} from "./task-registry.ts";
