/** The shape that a pretraining recipe makes, before its tokenizer is written anywhere. */
import type { ModelConfig } from "../folder/model-config.ts";
import { loadTokenizer } from "../folder/tokenizer.ts";
import type { PretrainRecipe } from "../recipe/pretrain-schema.ts";
import { isTokenizerBuilder, resolveReference } from "../recipe/task-registry.ts";
import { pretrainConfig } from "../stages/pretrain-config.ts";
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
  const special = { bosTokenId: null, eosTokenIds: [], padTokenId: null };
  return pretrainConfig(recipe, { vocabularySize: vocabularySize(recipe), ...special });
}
