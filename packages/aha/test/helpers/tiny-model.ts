/** A small random model with the miniature's tokenizer: in memory, or as a folder. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Dtype, generator, noGrad, scope, setThreads } from "@aha/torch";
import type { GenerationConfig } from "../../src/folder/generation-config.ts";
import type { ModelConfig } from "../../src/folder/model-config.ts";
import { loadTokenizer, type Tokenizer } from "../../src/folder/tokenizer.ts";
import { Llama } from "../../src/models/llama.ts";
import { initialiseWeights } from "../../src/models/llama-weights.ts";
import { saveModel } from "../../src/models/load-model.ts";
import { buildWorldTokenizer } from "../../src/tokenizer-training/world-tokenizer.ts";

// Operators this small only wait for each other when they are spread over threads.
setThreads(1);

/** Grouped-query attention, a vocabulary of 384, the end token 0; weights wide enough that predictions differ. */
export const tinyConfig: ModelConfig = {
  family: "llama",
  vocabularySize: 384,
  hiddenSize: 32,
  layers: 2,
  heads: 4,
  keyValueHeads: 2,
  headDimension: 8,
  intermediateSize: 48,
  maxPositions: 128,
  normEpsilon: 1e-5,
  ropeTheta: 10_000,
  ropeScaling: null,
  tieEmbeddings: true,
  initializerRange: 0.3,
  dtype: "float32",
  bosTokenId: null,
  eosTokenIds: [0],
  padTokenId: 0,
};

/** The model of a seed; `change` replaces parts of the configuration. Dispose it. */
export function tinyModel(seed = 1, dtype: Dtype = "float32", change: Partial<ModelConfig> = {}): Llama {
  const config = { ...tinyConfig, ...change };
  return scope(() => noGrad(() => new Llama(config, initialiseWeights(config, generator(seed), dtype))));
}

/** A new temporary folder; the caller removes it. */
export const temporaryFolder = (name: string): string => mkdtempSync(join(tmpdir(), `aha-${name}-`));

/** Writes the two tokenizer files and reads them back. */
export function writeWorldTokenizer(folder: string): Tokenizer {
  const { tokenizer, config } = buildWorldTokenizer();
  writeFileSync(join(folder, "tokenizer.json"), JSON.stringify(tokenizer));
  writeFileSync(join(folder, "tokenizer_config.json"), JSON.stringify(config));
  return loadTokenizer(folder);
}

/** Writes a whole model folder. */
export function writeTinyModel(folder: string, seed = 1): void {
  writeWorldTokenizer(folder);
  const model = tinyModel(seed);
  const generation: GenerationConfig = {
    eosTokenIds: [0],
    bosTokenId: null,
    padTokenId: 0,
    temperature: null,
    topP: null,
    topK: null,
    minP: null,
  };
  const card = { title: "tiny", description: "Random weights for tests." };
  saveModel(folder, model, { tokenizerFolder: null, generation, card });
  model.dispose();
}
