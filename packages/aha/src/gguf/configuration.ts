/** A model's configuration out of GGUF's metadata, and into it. */
import { type FamilyName, families, familyNames } from "../folder/families.ts";
import { type ModelConfig, parseModelConfig } from "../folder/model-config.ts";
import type { Llama3Scaling } from "../folder/rope-scaling.ts";
import { rotaryFrequencies } from "../models/rotary-tables.ts";
import type { Entry } from "./entries.ts";
import { GgufError } from "./gguf-error.ts";
import type { Metadata } from "./metadata.ts";

/** The configuration; `ropeFactors` are the file's `rope_freqs.weight`, where it has them. */
export function configurationOf(
  metadata: Metadata,
  tied: boolean,
  ropeFactors: Float32Array | null,
): ModelConfig {
  const family = familyOf(metadata);
  const key = (name: string): string => `${family}.${name}`;
  const heads = metadata.number(key("attention.head_count"));
  const width = metadata.number(key("embedding_length"));
  const headDimension = metadata.optionalNumber(key("attention.key_length")) ?? width / heads;
  const theta = metadata.optionalNumber(key("rope.freq_base")) ?? 10_000;
  const plain = parseModelConfig(
    {
      model_type: family,
      vocab_size: metadata.strings("tokenizer.ggml.tokens").length,
      hidden_size: width,
      num_hidden_layers: metadata.number(key("block_count")),
      num_attention_heads: heads,
      num_key_value_heads: metadata.optionalNumber(key("attention.head_count_kv")) ?? heads,
      head_dim: headDimension,
      intermediate_size: metadata.number(key("feed_forward_length")),
      max_position_embeddings: metadata.number(key("context_length")),
      // Stored as float32; the decimal that was meant is the shortest one with that value.
      rms_norm_eps: shortestDecimal(metadata.number(key("attention.layer_norm_rms_epsilon"))),
      rope_theta: shortestDecimal(theta),
      rope_scaling: ropeScalingFields(metadata, key),
      tie_word_embeddings: tied,
      torch_dtype: "float32",
      bos_token_id: metadata.optionalNumber("tokenizer.ggml.bos_token_id"),
      eos_token_id: endTokens(metadata),
      pad_token_id: metadata.optionalNumber("tokenizer.ggml.padding_token_id"),
    },
    metadata.file,
  );
  return ropeFactors === null
    ? plain
    : { ...plain, ropeScaling: llama3Scaling(plain, ropeFactors, metadata.file) };
}

function familyOf(metadata: Metadata): FamilyName {
  const architecture = metadata.string("general.architecture");
  const family = familyNames.find((name) => name === architecture);
  if (family !== undefined) return family;
  throw new GgufError({
    file: metadata.file,
    message: `architecture "${architecture}" is not supported`,
    remedy: `Models of ${familyNames.join(", ")} can be converted`,
  });
}

/** Every token that ends an answer, the turn's end included. */
function endTokens(metadata: Metadata): number[] {
  const keys = ["eos_token_id", "eot_token_id"].map((name) => `tokenizer.ggml.${name}`);
  return [...new Set(keys.flatMap((key) => metadata.optionalNumber(key) ?? []))];
}

function ropeScalingFields(
  metadata: Metadata,
  key: (name: string) => string,
): Record<string, unknown> | null {
  const type = metadata.optionalString(key("rope.scaling.type")) ?? "none";
  if (type === "none") return null;
  return {
    rope_type: type,
    factor: metadata.number(key("rope.scaling.factor")),
    original_max_position_embeddings: metadata.optionalNumber(key("rope.scaling.original_context_length")),
  };
}

/** The float32 as the decimal with the fewest digits that rounds to it. */
function shortestDecimal(value: number): number {
  for (let digits = 1; digits < 10; digits++) {
    const decimal = Number(value.toPrecision(digits));
    if (Math.fround(decimal) === Math.fround(value)) return decimal;
  }
  return value;
}

/** What each plain frequency is divided by in Llama 3.1's scaling: float32 [d/2]. */
export function ropeFactorsOf(config: ModelConfig): Float32Array | null {
  if (config.ropeScaling?.type !== "llama3") return null;
  const plain = rotaryFrequencies({ ...config, ropeScaling: null }).frequencies;
  const scaled = rotaryFrequencies(config).frequencies;
  return plain.map((frequency, index) => frequency / (scaled[index] as number));
}

/** llama.cpp keeps the factors alone; the published checkpoints all have Llama 3.1's bounds, which is checked. */
function llama3Scaling(config: ModelConfig, factors: Float32Array, file: string): Llama3Scaling {
  const scaling: Llama3Scaling = {
    type: "llama3",
    factor: Math.round(Math.max(...factors)),
    lowFrequencyFactor: 1,
    highFrequencyFactor: 4,
    originalPositions: 8192,
  };
  const expected = ropeFactorsOf({ ...config, ropeScaling: scaling });
  const agrees = factors.every((factor, index) => Math.abs(factor / (expected?.[index] ?? 0) - 1) < 1e-4);
  if (factors.length === expected?.length && agrees) return scaling;
  throw new GgufError({
    file,
    message: "rope_freqs.weight holds other factors than Llama 3.1's scaling gives",
    remedy: "Convert from the original Hugging Face folder, whose config.json states the scaling",
  });
}

/** The architecture's keys for a configuration. */
export function architectureEntries(config: ModelConfig): Entry[] {
  const whole = (name: string, value: number): Entry => ({
    key: `${config.family}.${name}`,
    type: "uint32",
    value,
  });
  const real = (name: string, value: number): Entry => ({
    key: `${config.family}.${name}`,
    type: "float32",
    value,
  });
  const { ropeScaling: scaling } = config;
  const stretched = scaling?.type === "linear" || scaling?.type === "yarn" ? scaling : null;
  return [
    whole("block_count", config.layers),
    whole("context_length", config.maxPositions),
    whole("embedding_length", config.hiddenSize),
    whole("feed_forward_length", config.intermediateSize),
    whole("attention.head_count", config.heads),
    whole("attention.head_count_kv", config.keyValueHeads),
    whole("attention.key_length", config.headDimension),
    whole("attention.value_length", config.headDimension),
    real("attention.layer_norm_rms_epsilon", config.normEpsilon),
    real("rope.freq_base", config.ropeTheta),
    whole("rope.dimension_count", config.headDimension),
    whole("vocab_size", config.vocabularySize),
    ...(stretched === null
      ? []
      : [
          { key: `${config.family}.rope.scaling.type`, type: "string", value: stretched.type } as const,
          real("rope.scaling.factor", stretched.factor),
        ]),
    ...(stretched?.type === "yarn"
      ? [whole("rope.scaling.original_context_length", stretched.originalPositions)]
      : []),
  ];
}

/** Whether llama.cpp wants this family's query and key rows interleaved. */
export function rotatesNeighbours(family: FamilyName): boolean {
  return families[family] === families.llama;
}
