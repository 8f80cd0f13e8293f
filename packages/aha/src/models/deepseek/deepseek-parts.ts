/** A DeepSeek-V3 model's weights by their names in Hugging Face's files. */
import type { Tensor } from "@aha/torch";
import type { DeepseekConfig } from "../../folder/deepseek-config.ts";
import type { NamedPart } from "../decoder-weights.ts";
import {
  type DeepseekLayer,
  type DeepseekWeights,
  type ExpertWeights,
  hasExperts,
  type PredictionWeights,
} from "./deepseek-weights.ts";

function whole(name: string, tensor: Tensor, shape: readonly number[]): NamedPart {
  return { name, tensor, start: 0, length: shape[0] as number, shape };
}

/** Consecutive rows of a held matrix under names of their own. */
function rows(
  tensor: Tensor,
  columns: number,
  names: readonly (readonly [name: string, length: number])[],
  from = 0,
): NamedPart[] {
  let start = from;
  return names.map(([name, length]) => {
    const part = { name, tensor, start, length, shape: [length, columns] };
    start += length;
    return part;
  });
}

function attentionParts(config: DeepseekConfig, path: string, layer: DeepseekLayer): NamedPart[] {
  const { hiddenSize, heads, plainDimension, headDimension, valueDimension, latentRank, queryRank } = config;
  const { latents, queryNorm, query, latentNorm, keyValue, output } = layer.attention;
  const queries = heads * (plainDimension + headDimension);
  const first: [string, number] =
    queryRank === null ? [`${path}.q_proj.weight`, queries] : [`${path}.q_a_proj.weight`, queryRank];
  return [
    ...rows(latents, hiddenSize, [first, [`${path}.kv_a_proj_with_mqa.weight`, latentRank + headDimension]]),
    ...(queryRank === null || queryNorm === undefined || query === undefined
      ? []
      : [
          whole(`${path}.q_a_layernorm.weight`, queryNorm, [queryRank]),
          whole(`${path}.q_b_proj.weight`, query, [queries, queryRank]),
        ]),
    whole(`${path}.kv_a_layernorm.weight`, latentNorm, [latentRank]),
    whole(`${path}.kv_b_proj.weight`, keyValue, [heads * (plainDimension + valueDimension), latentRank]),
    whole(`${path}.o_proj.weight`, output, [hiddenSize, heads * valueDimension]),
  ];
}

/** The parts of stacked experts count rows through the stack: [E, F, D] as [E F, D]. */
function expertParts(config: DeepseekConfig, path: string, weights: ExpertWeights): NamedPart[] {
  const { hiddenSize, experts, expertSize, sharedExperts } = config;
  const shared = expertSize * sharedExperts;
  const each = Array.from({ length: experts }, (_, expert) => {
    const own = `${path}.experts.${expert}`;
    return [
      ...rows(
        weights.gateUp,
        hiddenSize,
        [
          [`${own}.gate_proj.weight`, expertSize],
          [`${own}.up_proj.weight`, expertSize],
        ],
        expert * 2 * expertSize,
      ),
      ...rows(weights.down, expertSize, [[`${own}.down_proj.weight`, hiddenSize]], expert * hiddenSize),
    ];
  }).flat();
  return [
    whole(`${path}.gate.weight`, weights.router, [experts, hiddenSize]),
    whole(`${path}.gate.e_score_correction_bias`, weights.correction, [experts]),
    ...each,
    ...rows(weights.sharedGateUp, hiddenSize, [
      [`${path}.shared_experts.gate_proj.weight`, shared],
      [`${path}.shared_experts.up_proj.weight`, shared],
    ]),
    whole(`${path}.shared_experts.down_proj.weight`, weights.sharedDown, [hiddenSize, shared]),
  ];
}

function layerParts(config: DeepseekConfig, index: number, layer: DeepseekLayer): NamedPart[] {
  const path = `model.layers.${index}`;
  const { hiddenSize, intermediateSize } = config;
  const { feedForward } = layer;
  return [
    whole(`${path}.input_layernorm.weight`, layer.inputNorm, [hiddenSize]),
    ...attentionParts(config, `${path}.self_attn`, layer),
    whole(`${path}.post_attention_layernorm.weight`, layer.postAttentionNorm, [hiddenSize]),
    ...(hasExperts(feedForward)
      ? expertParts(config, `${path}.mlp`, feedForward)
      : [
          ...rows(feedForward.gateUp, hiddenSize, [
            [`${path}.mlp.gate_proj.weight`, intermediateSize],
            [`${path}.mlp.up_proj.weight`, intermediateSize],
          ]),
          whole(`${path}.mlp.down_proj.weight`, feedForward.down, [hiddenSize, intermediateSize]),
        ]),
  ];
}

/** The prediction module stands in the files as one more layer. */
function predictionParts(config: DeepseekConfig, prediction: PredictionWeights): NamedPart[] {
  const { hiddenSize, layers } = config;
  const path = `model.layers.${layers}`;
  return [
    whole(`${path}.enorm.weight`, prediction.embeddingNorm, [hiddenSize]),
    whole(`${path}.hnorm.weight`, prediction.hiddenNorm, [hiddenSize]),
    whole(`${path}.eh_proj.weight`, prediction.projection, [hiddenSize, 2 * hiddenSize]),
    ...layerParts(config, layers, prediction.layer),
    whole(`${path}.shared_head.norm.weight`, prediction.norm, [hiddenSize]),
  ];
}

/** Every weight by Hugging Face's name, in their order. */
export function deepseekParts(config: DeepseekConfig, weights: DeepseekWeights): NamedPart[] {
  const { hiddenSize, vocabularySize } = config;
  const shape = [vocabularySize, hiddenSize];
  return [
    whole("model.embed_tokens.weight", weights.embedding, shape),
    ...weights.layers.flatMap((layer, index) => layerParts(config, index, layer)),
    whole("model.norm.weight", weights.norm, [hiddenSize]),
    ...(config.tieEmbeddings ? [] : [whole("lm_head.weight", weights.head, shape)]),
    ...(weights.prediction === null ? [] : predictionParts(config, weights.prediction)),
  ];
}

/** Copies of the shared embedding and head that checkpoints store with the prediction module: not read, but written for other tools. */
export function sharedCopies(config: DeepseekConfig, weights: DeepseekWeights): NamedPart[] {
  if (weights.prediction === null) return [];
  const path = `model.layers.${config.layers}`;
  const shape = [config.vocabularySize, config.hiddenSize];
  return [
    whole(`${path}.embed_tokens.weight`, weights.embedding, shape),
    whole(`${path}.shared_head.head.weight`, weights.head, shape),
  ];
}
