/** Everything a reinforcement run holds while it trains: models, optimiser, and the recipe's choices as values. */
import { AdamW, type Dtype } from "@aha/torch";
import { type AdvantageForm, groupStandardised, meanCentred } from "../algorithms/advantage.ts";
import { type ImportanceForm, sequenceLogRatio, tokenLogRatio } from "../algorithms/importance.ts";
import { constantLength, type LossForm, sequenceMean, tokenMean } from "../algorithms/loss-form.ts";
import type { Tokenizer } from "../folder/tokenizer.ts";
import type { LanguageModel } from "../models/language-model.ts";
import { type OpenModel, openTokenizer, type SaveModelOptions, stopTokens } from "../models/load-model.ts";
import type { ReinforcementRecipe } from "../recipe/reinforcement-schema.ts";
import type { SamplingOptions } from "../rollout/decoder.ts";
import { deriveSeed } from "../rollout/seeds.ts";
import type { MemoryEstimate } from "./estimate.ts";
import { openForTraining } from "./open-for-training.ts";
import { runMemory, runSizes, type SizedModel } from "./run-sizes.ts";
import { REFERENCE_ADAPTER, type ValueState } from "./training-state.ts";
import { openValue } from "./value-model.ts";

const lossForms: Readonly<Record<ReinforcementRecipe["rl"]["lossForm"], LossForm>> = {
  "sequence-mean": sequenceMean,
  "token-mean": tokenMean,
  "constant-length": constantLength,
};
const advantageForms: Readonly<Record<ReinforcementRecipe["rl"]["advantageForm"], AdvantageForm>> = {
  "group-standardised": groupStandardised,
  "mean-centred": meanCentred,
};
const importanceForms: Readonly<Record<ReinforcementRecipe["rl"]["importance"], ImportanceForm>> = {
  token: tokenLogRatio,
  sequence: sequenceLogRatio,
};

const byteWidth = (dtype: Dtype): 2 | 4 => (dtype === "float32" ? 4 : 2);

/**
 * The policy as it now stands, frozen. Where an adapter is trained it shares the policy's weights, with its adapter off, or
 * (where training goes on from an adapter) with a copy of it: there is no second copy of the weights.
 */
function referenceOf(policy: LanguageModel, { folder, base }: OpenModel): LanguageModel {
  const { active } = policy.adapters;
  if (active === null) return policy.copy();
  const reference = policy.sharingWeights();
  if (folder !== base) reference.adapters.replaceActive(REFERENCE_ADAPTER, active.copy());
  return reference;
}

/** The policy with what trains it. Dispose it when done. */
export class PolicySession {
  readonly recipe: ReinforcementRecipe;
  readonly opened: OpenModel;
  readonly tokenizer: Tokenizer;
  readonly optimizer: AdamW;
  /** The frozen policy of the KL term; null at β = 0, where no pass is made. */
  readonly reference: LanguageModel | null;
  /** PPO's value model with its optimiser; null under GRPO. */
  readonly value: ValueState | null;
  readonly sampling: SamplingOptions;
  readonly lossForm: LossForm;
  readonly advantageForm: AdvantageForm;
  readonly importance: ImportanceForm;
  /** Lowered by the update when memory runs out. */
  tokensPerMicroBatch: number;

  /** `folder`: where the model that the recipe names lies on this machine. */
  constructor(recipe: ReinforcementRecipe, folder: string = recipe.model.path) {
    const { rl } = recipe;
    const model = { ...recipe.model, path: folder };
    this.recipe = recipe;
    this.opened = openForTraining(model, deriveSeed(recipe.seed, "adapter"));
    this.tokenizer = openTokenizer(model.path, this.opened.model.config);
    const { policy } = this;
    policy.recomputeActivations = rl.recomputeActivations;
    const { learningRate, betas, epsilon, weightDecay } = rl;
    this.optimizer = new AdamW(policy.parameters(), { learningRate, betas, epsilon, weightDecay });
    this.reference = rl.klCoefficient === 0 ? null : referenceOf(policy, this.opened);
    this.value = rl.algorithm === "ppo" ? openValue(policy, rl) : null;
    const { capacity, tokensPerMicroBatch } = runSizes(recipe, this.#sized());
    this.sampling = {
      temperature: rl.temperature,
      topP: rl.topP,
      topK: rl.topK,
      minP: rl.minP,
      maxNewTokens: rl.maxNewTokens,
      eosTokenIds: stopTokens(this.opened.generation, this.tokenizer),
      capacity,
      speculative: rl.speculative,
    };
    this.lossForm = lossForms[rl.lossForm];
    this.advantageForm = advantageForms[rl.advantageForm];
    this.importance = importanceForms[rl.importance];
    this.tokensPerMicroBatch = tokensPerMicroBatch;
  }

  get policy(): LanguageModel {
    return this.opened.model;
  }

  /** From here on the reference is the policy as it now stands. */
  refreshReference(): void {
    const { policy, reference } = this;
    if (reference === null) return;
    const { active } = policy.adapters;
    if (active === null) reference.assign(policy);
    else reference.adapters.replaceActive(REFERENCE_ADAPTER, active.copy());
  }

  #sized(): SizedModel {
    const { config, parameterCount: parameters, cachedPerToken, adapters, trainedCount, dtype } = this.policy;
    const adapter = adapters.active === null ? null : trainedCount;
    return { config, parameters, cachedPerToken, adapter, width: byteWidth(dtype) };
  }

  /** Of this recipe; prompts are taken to have `promptTokens` tokens. */
  memory(promptTokens: number): MemoryEstimate {
    const { sampling, tokensPerMicroBatch } = this;
    const { capacity } = sampling;
    return runMemory(this.recipe, this.#sized(), { capacity, tokensPerMicroBatch }, promptTokens);
  }

  saveOptions(step: number): SaveModelOptions {
    const { recipe, opened } = this;
    return {
      tokenizerFolder: opened.tokenizerFolder,
      generation: opened.generation,
      card: {
        title: `${recipe.name}, step ${step}`,
        description: `Trained from \`${recipe.model.path}\` by reinforcement learning with verifiable rewards (${recipe.rl.algorithm.toUpperCase()}), recipe \`${recipe.name}\`, ${step} steps.`,
      },
    };
  }

  dispose(): void {
    this.optimizer.dispose();
    this.value?.optimizer.dispose();
    this.value?.model.dispose();
    this.reference?.dispose();
    this.policy.dispose();
  }
}
