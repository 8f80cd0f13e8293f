/** What a pretraining run holds while it trains: tokenizer, model, optimiser. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { AdamW, generator } from "@aha/torch";
import type { GenerationConfig } from "../folder/generation-config.ts";
import { loadTokenizer, type Tokenizer } from "../folder/tokenizer.ts";
import { Llama } from "../models/llama.ts";
import { initialiseWeights, weightsAs } from "../models/llama-weights.ts";
import { chooseDevice } from "../models/load-model.ts";
import type { PretrainRecipe } from "../recipe/pretrain-schema.ts";
import { isTokenizerBuilder, resolveReference } from "../recipe/task-registry.ts";
import { writeFileAtomically } from "../run/atomic.ts";
import { asStorageError } from "../run/storage-error.ts";
import { pretrainConfig } from "./pretrain-config.ts";
import { tokenizers } from "./registries.ts";

/** A tokenizer with the folder that its files are copied from. */
export interface PlacedTokenizer {
  readonly folder: string;
  readonly tokenizer: Tokenizer;
}

/** Opens the recipe's tokenizer; `place` writes a built one's files into a folder first. Nothing is written before it. */
export function findTokenizer(recipe: PretrainRecipe): { place(folder: string): PlacedTokenizer } {
  if (typeof recipe.tokenizer === "string") {
    const found = { folder: recipe.tokenizer, tokenizer: loadTokenizer(recipe.tokenizer) };
    return { place: () => found };
  }
  const builder = isTokenizerBuilder(recipe.tokenizer)
    ? recipe.tokenizer
    : resolveReference(recipe.tokenizer, tokenizers, "tokenizer");
  const files = Object.entries(builder.build());
  return {
    place(folder) {
      try {
        mkdirSync(folder, { recursive: true });
      } catch (error) {
        throw asStorageError(error, folder, "no training has begun");
      }
      for (const [name, content] of files) {
        writeFileAtomically(join(folder, name), `${JSON.stringify(content, null, 1)}\n`);
      }
      return { folder, tokenizer: loadTokenizer(folder) };
    },
  };
}

/** The model being made, with what trains it. Dispose it when done. */
export class PretrainSession {
  readonly recipe: PretrainRecipe;
  readonly tokenizer: Tokenizer;
  readonly tokenizerFolder: string;
  /** Closes every document. */
  readonly endTokenId: number;
  readonly model: Llama;
  readonly optimizer: AdamW;
  readonly generation: GenerationConfig;

  constructor(recipe: PretrainRecipe, { folder, tokenizer }: PlacedTokenizer) {
    this.recipe = recipe;
    this.tokenizer = tokenizer;
    this.tokenizerFolder = folder;
    this.endTokenId = tokenizer.eosTokenId ?? 0;
    const { vocabularySize, bosTokenId, eosTokenId, padTokenId } = tokenizer;
    const eosTokenIds = eosTokenId === null ? [] : [eosTokenId];
    const config = pretrainConfig(recipe, { vocabularySize, bosTokenId, eosTokenIds, padTokenId });
    const device = chooseDevice(recipe.model.device);
    const initial = initialiseWeights(config, generator(recipe.seed), "float32", device);
    this.model = new Llama(config, weightsAs(initial, config.dtype)).trainable();
    const { learningRate, betas, epsilon, weightDecay } = recipe;
    this.optimizer = new AdamW(this.model.parameters(), { learningRate, betas, epsilon, weightDecay });
    const unset = { temperature: null, topP: null, topK: null, minP: null };
    this.generation = { eosTokenIds: [this.endTokenId], bosTokenId, padTokenId, ...unset };
  }

  dispose(): void {
    this.optimizer.dispose();
    this.model.dispose();
  }
}
