/** What a dense decoder's weights are, as they are held and by their names in Hugging Face's files. */
import type { Tensor } from "@aha/torch";
import type { ModelConfig } from "../folder/model-config.ts";

/** One decoder layer. Projections that read the same input are held as one matrix: one GEMM instead of two or three. */
export interface LayerWeights {
  readonly inputNorm: Tensor; // [D]
  readonly queryKeyValue: Tensor; // [(H + 2 Hk) d, D]: queries, keys, values
  readonly queryKeyValueBias?: Tensor; // [(H + 2 Hk) d], in families whose projections have biases
  readonly queryNorm?: Tensor; // [d], in families that normalise heads
  readonly keyNorm?: Tensor; // [d]
  readonly output: Tensor; // [D, H d]
  readonly postAttentionNorm: Tensor; // [D]
  readonly gateUp: Tensor; // [2 F, D]: gate, up
  readonly down: Tensor; // [D, F]
}

export interface LlamaWeights {
  readonly embedding: Tensor; // [V, D]
  readonly layers: readonly LayerWeights[];
  readonly norm: Tensor; // [D]
  /** [V, D]; the embedding itself where they are tied. */
  readonly head: Tensor;
}

/** A layer's weights in their fixed order; those that its family lacks are left out. */
export const layerWeightNames = [
  "inputNorm",
  "queryKeyValue",
  "queryKeyValueBias",
  "queryNorm",
  "keyNorm",
  "output",
  "postAttentionNorm",
  "gateUp",
  "down",
] as const satisfies readonly (keyof LayerWeights)[];

/** A layer's tensors by name, in the fixed order. */
export function layerTensors(layer: LayerWeights): [keyof LayerWeights, Tensor][] {
  return layerWeightNames.flatMap((name) => {
    const tensor = layer[name];
    return tensor === undefined ? [] : [[name, tensor]];
  });
}

/** A part of a held matrix under its name in Hugging Face's files: rows `start … start + length` of dimension 0. */
export interface NamedPart {
  readonly name: string;
  readonly tensor: Tensor;
  readonly start: number;
  readonly length: number;
  readonly shape: readonly number[];
}

/** Every weight by Hugging Face's name, in their order. */
export function namedParts(config: ModelConfig, weights: LlamaWeights): NamedPart[] {
  const { hiddenSize, heads, keyValueHeads, headDimension, intermediateSize, vocabularySize } = config;
  const whole = (name: string, tensor: Tensor, shape: readonly number[]): NamedPart => ({
    name,
    tensor,
    start: 0,
    length: shape[0] as number,
    shape,
  });
  const split = (
    tensor: Tensor,
    names: readonly (readonly [string, number])[],
    rest: readonly number[],
  ): NamedPart[] => {
    let start = 0;
    return names.map(([name, length]) => {
      const part = { name, tensor, start, length, shape: [length, ...rest] };
      start += length;
      return part;
    });
  };
  const queries = heads * headDimension;
  const keys = keyValueHeads * headDimension;
  const layers = weights.layers.flatMap((layer, index) => {
    const path = `model.layers.${index}`;
    const projections = (kind: string): [string, number][] => [
      [`${path}.self_attn.q_proj.${kind}`, queries],
      [`${path}.self_attn.k_proj.${kind}`, keys],
      [`${path}.self_attn.v_proj.${kind}`, keys],
    ];
    return [
      whole(`${path}.input_layernorm.weight`, layer.inputNorm, [hiddenSize]),
      ...split(layer.queryKeyValue, projections("weight"), [hiddenSize]),
      ...(layer.queryKeyValueBias ? split(layer.queryKeyValueBias, projections("bias"), []) : []),
      ...(layer.queryNorm
        ? [whole(`${path}.self_attn.q_norm.weight`, layer.queryNorm, [headDimension])]
        : []),
      ...(layer.keyNorm ? [whole(`${path}.self_attn.k_norm.weight`, layer.keyNorm, [headDimension])] : []),
      whole(`${path}.self_attn.o_proj.weight`, layer.output, [hiddenSize, queries]),
      whole(`${path}.post_attention_layernorm.weight`, layer.postAttentionNorm, [hiddenSize]),
      ...split(
        layer.gateUp,
        [
          [`${path}.mlp.gate_proj.weight`, intermediateSize],
          [`${path}.mlp.up_proj.weight`, intermediateSize],
        ],
        [hiddenSize],
      ),
      whole(`${path}.mlp.down_proj.weight`, layer.down, [hiddenSize, intermediateSize]),
    ];
  });
  return [
    whole("model.embed_tokens.weight", weights.embedding, [vocabularySize, hiddenSize]),
    ...layers,
    whole("model.norm.weight", weights.norm, [hiddenSize]),
    ...(config.tieEmbeddings ? [] : [whole("lm_head.weight", weights.head, [vocabularySize, hiddenSize])]),
  ];
}

/** The tensors that are trained, each once, in a fixed order. */
export function parametersOf(weights: LlamaWeights): Tensor[] {
  const layers = weights.layers.flatMap((layer) => layerTensors(layer).map(([, tensor]) => tensor));
  const head = weights.head === weights.embedding ? [] : [weights.head];
  return [weights.embedding, ...layers, weights.norm, ...head];
}
