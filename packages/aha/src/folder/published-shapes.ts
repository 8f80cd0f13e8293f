/**
 * The config.json of well-known checkpoints by hub id, as far as it decides shapes: so that memory, cost and a dry run can be
 * told before anything is downloaded. Facts of the published files; a folder that is here always comes first.
 */
import { type DecoderConfig, parseDecoderConfig } from "./decoder-config.ts";

type Fields = Readonly<Record<string, unknown>>;

/** hidden, layers, heads, key/value heads, feed-forward, further fields */
type Row = readonly [number, number, number, number, number, Fields?];

const shape = (shared: Fields, [hidden, layers, heads, keyValueHeads, feedForward, own]: Row): Fields => ({
  ...shared,
  hidden_size: hidden,
  num_hidden_layers: layers,
  num_attention_heads: heads,
  num_key_value_heads: keyValueHeads,
  intermediate_size: feedForward,
  torch_dtype: "bfloat16",
  ...own,
});

const qwen2: Fields = {
  model_type: "qwen2",
  vocab_size: 151_936,
  max_position_embeddings: 32_768,
  rope_theta: 1_000_000,
  tie_word_embeddings: true,
  bos_token_id: 151_643,
  eos_token_id: 151_643,
};
const largeQwen2 = { vocab_size: 152_064, tie_word_embeddings: false };
const qwenMath = { rope_theta: 10_000, max_position_embeddings: 4_096 };
const qwen3: Fields = { ...qwen2, model_type: "qwen3", head_dim: 128 };
const llama3: Fields = {
  model_type: "llama",
  vocab_size: 128_256,
  max_position_embeddings: 131_072,
  rope_theta: 500_000,
  rms_norm_eps: 1e-5,
  bos_token_id: 128_000,
  eos_token_id: 128_001,
};
const llama3Scaling = (factor: number): Fields => ({
  rope_scaling: {
    rope_type: "llama3",
    factor,
    low_freq_factor: 1,
    high_freq_factor: 4,
    original_max_position_embeddings: 8_192,
  },
});
const smolLm2: Fields = {
  model_type: "llama",
  vocab_size: 49_152,
  max_position_embeddings: 8_192,
  rope_theta: 100_000,
  rms_norm_eps: 1e-5,
  tie_word_embeddings: true,
  bos_token_id: 1,
  eos_token_id: 2,
};
const tied = { tie_word_embeddings: true };

const deepseekV3: Fields = {
  model_type: "deepseek_v3",
  vocab_size: 129_280,
  hidden_size: 7_168,
  num_hidden_layers: 61,
  num_attention_heads: 128,
  num_key_value_heads: 128,
  intermediate_size: 18_432,
  moe_intermediate_size: 2_048,
  n_routed_experts: 256,
  n_shared_experts: 1,
  num_experts_per_tok: 8,
  n_group: 8,
  topk_group: 4,
  first_k_dense_replace: 3,
  routed_scaling_factor: 2.5,
  kv_lora_rank: 512,
  q_lora_rank: 1_536,
  qk_nope_head_dim: 128,
  qk_rope_head_dim: 64,
  v_head_dim: 128,
  num_nextn_predict_layers: 1,
  max_position_embeddings: 163_840,
  rope_theta: 10_000,
  rope_scaling: {
    type: "yarn",
    factor: 40,
    original_max_position_embeddings: 4_096,
    beta_fast: 32,
    beta_slow: 1,
    mscale: 1,
    mscale_all_dim: 1,
  },
  quantization_config: { quant_method: "fp8", fmt: "e4m3", weight_block_size: [128, 128] },
  torch_dtype: "bfloat16",
  bos_token_id: 0,
  eos_token_id: 1,
};

const qwen25: Readonly<Record<string, Row>> = {
  "0.5B": [896, 24, 14, 2, 4_864],
  "1.5B": [1_536, 28, 12, 2, 8_960],
  "3B": [2_048, 36, 16, 2, 11_008],
  "7B": [3_584, 28, 28, 4, 18_944, largeQwen2],
  "14B": [5_120, 48, 40, 8, 13_824, largeQwen2],
  "32B": [5_120, 64, 40, 8, 27_648, largeQwen2],
};
const qwen3Bases: Readonly<Record<string, Row>> = {
  "0.6B": [1_024, 28, 16, 8, 3_072],
  "1.7B": [2_048, 28, 16, 8, 6_144],
  "4B": [2_560, 36, 32, 8, 9_728],
  "8B": [4_096, 36, 32, 8, 12_288, { tie_word_embeddings: false }],
  "14B": [5_120, 40, 40, 8, 17_408, { tie_word_embeddings: false }],
};
const llamas: Readonly<Record<string, Row>> = {
  "Llama-3.2-1B": [2_048, 16, 32, 8, 8_192, { ...tied, ...llama3Scaling(32) }],
  "Llama-3.2-3B": [3_072, 28, 24, 8, 8_192, { ...tied, ...llama3Scaling(32), head_dim: 128 }],
  "Llama-3.1-8B": [4_096, 32, 32, 8, 14_336, llama3Scaling(8)],
  "Llama-3.3-70B": [8_192, 80, 64, 8, 28_672, llama3Scaling(8)],
};
const smols: Readonly<Record<string, Row>> = {
  "135M": [576, 30, 9, 3, 1_536],
  "360M": [960, 32, 15, 5, 2_560],
  "1.7B": [2_048, 24, 32, 32, 8_192, { rope_theta: 130_000 }],
};

/** The same rows under several names: a base and what was tuned from it. */
function named(
  rows: Readonly<Record<string, Row>>,
  shared: Fields,
  ids: (size: string) => string[],
): [string, Fields][] {
  return Object.entries(rows).flatMap(([size, row]) =>
    ids(size).map((id): [string, Fields] => [id, shape(shared, row)]),
  );
}

const only = (rows: Readonly<Record<string, Row>>, ...sizes: string[]): Record<string, Row> =>
  Object.fromEntries(sizes.map((size) => [size, rows[size] as Row]));

const shapes: ReadonlyMap<string, Fields> = new Map([
  ...named(qwen25, qwen2, (size) => [`Qwen/Qwen2.5-${size}`]),
  ...named(qwen25, { ...qwen2, eos_token_id: 151_645 }, (size) => [`Qwen/Qwen2.5-${size}-Instruct`]),
  ...named(only(qwen25, "1.5B", "7B"), { ...qwen2, ...qwenMath }, (size) => [`Qwen/Qwen2.5-Math-${size}`]),
  ...named(
    only(qwen25, "1.5B", "7B", "14B", "32B"),
    { ...qwen2, max_position_embeddings: 131_072 },
    (size) => [`deepseek-ai/DeepSeek-R1-Distill-Qwen-${size}`],
  ),
  ...named(qwen3Bases, qwen3, (size) => [`Qwen/Qwen3-${size}-Base`]),
  ...named(qwen3Bases, { ...qwen3, max_position_embeddings: 40_960, eos_token_id: 151_645 }, (size) => [
    `Qwen/Qwen3-${size}`,
  ]),
  ...named(llamas, llama3, (name) => [`meta-llama/${name}`, `meta-llama/${name}-Instruct`]),
  ...named(only(llamas, "Llama-3.1-8B"), llama3, () => ["deepseek-ai/DeepSeek-R1-Distill-Llama-8B"]),
  ...named(only(llamas, "Llama-3.3-70B"), llama3, () => ["deepseek-ai/DeepSeek-R1-Distill-Llama-70B"]),
  ...named(smols, smolLm2, (size) => [
    `HuggingFaceTB/SmolLM2-${size}`,
    `HuggingFaceTB/SmolLM2-${size}-Instruct`,
  ]),
  ...["DeepSeek-V3-Base", "DeepSeek-V3", "DeepSeek-R1-Zero", "DeepSeek-R1"].map((name): [string, Fields] => [
    `deepseek-ai/${name}`,
    deepseekV3,
  ]),
]);

export const publishedShapeIds: readonly string[] = [...shapes.keys()];

/** The published configuration of a checkpoint by its hub id; null where it is not in the table. */
export function publishedShape(id: string): DecoderConfig | null {
  const fields = shapes.get(id);
  return fields === undefined ? null : parseDecoderConfig(fields, `${id}'s config.json`);
}
