/** PPO's value model: the policy's architecture with a scalar head by token, and weights of its own that begin as the policy's. */
import { AdamW } from "@aha/torch";
import type { LanguageModel } from "../models/language-model.ts";
import { Llama } from "../models/llama.ts";
import { ScalarModel, scalarCopy, zeroScore } from "../models/scalar-model.ts";
import { RecipeError } from "../recipe/recipe-error.ts";
import type { ReinforcementRecipe } from "../recipe/reinforcement-schema.ts";
import type { ValueState } from "./training-state.ts";

const VALUE_ADAPTER = "value";

/**
 * A copy of the policy; where an adapter is trained, a copy of the adapter on the policy's own weights (the value model must
 * not outlive the policy then). The head begins at 0: every value is 0 at first. Throws RecipeError for a policy that is no
 * dense decoder.
 */
export function openValue(
  policy: LanguageModel,
  { ppo, betas, epsilon, weightDecay, recomputeActivations }: ReinforcementRecipe["rl"],
): ValueState {
  if (!(policy instanceof Llama)) {
    const message = `"ppo" needs a dense decoder (llama, qwen2, qwen3) for its value model, got ${policy.config.family}; take "grpo"`;
    throw new RecipeError([{ path: "rl.algorithm", message }]);
  }
  const model = valueModelOf(policy);
  model.recomputeActivations = recomputeActivations;
  model.trainable();
  const { valueLearningRate: learningRate } = ppo;
  const optimizer = new AdamW(model.parameters(), { learningRate, betas, epsilon, weightDecay });
  return { model, optimizer };
}

function valueModelOf(policy: Llama): ScalarModel {
  const { active } = policy.adapters;
  if (active === null) return scalarCopy(policy);
  const backbone = policy.sharingWeights();
  backbone.adapters.replaceActive(VALUE_ADAPTER, active.copy());
  return new ScalarModel(backbone, zeroScore(policy.config.hiddenSize, policy.device));
}
