/** The configuration that a pretraining recipe's model has with a tokenizer of so many tokens, and of these special ones. */
import type { ModelConfig } from "../folder/model-config.ts";
import type { PretrainRecipe } from "../recipe/pretrain-schema.ts";

type FromTokenizer = Pick<ModelConfig, "vocabularySize" | "bosTokenId" | "eosTokenIds" | "padTokenId">;

export function pretrainConfig({ model }: PretrainRecipe, tokenizer: FromTokenizer): ModelConfig {
  return {
    ...tokenizer,
    family: "llama",
    hiddenSize: model.hiddenSize,
    layers: model.layers,
    heads: model.heads,
    keyValueHeads: model.keyValueHeads,
    headDimension: model.hiddenSize / model.heads,
    intermediateSize: model.intermediateSize,
    maxPositions: model.maxPositions,
    normEpsilon: model.normEpsilon,
    ropeTheta: model.ropeTheta,
    ropeScaling: null,
    tieEmbeddings: model.tieEmbeddings,
    initializerRange: model.initializerRange,
    dtype: model.dtype === "auto" ? "bfloat16" : model.dtype,
  };
}
