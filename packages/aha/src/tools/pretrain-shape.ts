/** The shape that a pretraining recipe makes, before its tokenizer is written anywhere. */
import type { ModelConfig } from "../folder/model-config.ts";
import { loadTokenizer } from "../folder/tokenizer.ts";
import type { PretrainRecipe } from "../recipe/pretrain-schema.ts";
import { isTokenizerBuilder, resolveReference } from "../recipe/task-registry.ts";
import { tokenizers } from "../stages/registries.ts";

function vocabularySize({ tokenizer }: PretrainRecipe): number {
  if (typeof tokenizer === "string") return loadTokenizer(tokenizer).vocabularySize;
  const builder = isTokenizerBuilder(tokenizer)
    ? tokenizer
    : resolveReference(tokenizer, tokenizers, "tokenizer");
  const built = JSON.parse(JSON.stringify(builder.build()["tokenizer.json"])) as {
    readonly model: { readonly vocab: Readonly<Record<string, number>> };
    readonly added_tokens?: readonly { readonly id: number }[];
  };
  const ids = [...Object.values(built.model.vocab), ...(built.added_tokens ?? []).map(({ id }) => id)];
  return ids.reduce((most, id) => Math.max(most, id), 0) + 1;
}

export function pretrainShape(recipe: PretrainRecipe): ModelConfig {
  const { model } = recipe;
  return {
    family: "llama",
    vocabularySize: vocabularySize(recipe),
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
    bosTokenId: null,
    eosTokenIds: [],
    padTokenId: null,
  };
}
