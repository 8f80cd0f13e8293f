/** How a checkpoint stretches its rotary positions beyond the length it was trained on: config.json's rope settings. */
import { z } from "zod";

/** Positions divided by a factor (Chen et al. 2023). */
export interface LinearScaling {
  readonly type: "linear";
  readonly factor: number;
}

/** Llama 3.1's: long wavelengths divided by the factor, short ones kept, a ramp between. */
export interface Llama3Scaling {
  readonly type: "llama3";
  readonly factor: number;
  readonly lowFrequencyFactor: number;
  readonly highFrequencyFactor: number;
  readonly originalPositions: number;
}

/** YaRN (Peng et al. 2023): interpolation by parts, and a factor on the attention's logits. */
export interface YarnScaling {
  readonly type: "yarn";
  readonly factor: number;
  readonly originalPositions: number;
  readonly betaFast: number;
  readonly betaSlow: number;
  /** Multiplies cosines and sines; null: derived from the factor. */
  readonly attentionFactor: number | null;
  readonly mscale: number | null;
  readonly mscaleAllDimensions: number | null;
  /** Whether the ramp's bounds are rounded to whole dimensions. */
  readonly truncate: boolean;
}

export type RopeScaling = LinearScaling | Llama3Scaling | YarnScaling;

const positive = z.number().positive();
const common = { rope_theta: positive.nullish(), partial_rotary_factor: z.literal(1).nullish() };

/** One of `rope_parameters` (transformers 5) and `rope_scaling` (4), whose kind stands under `rope_type` or `type`. */
export const ropeFields = z
  .preprocess(
    (value) =>
      typeof value === "object" && value !== null
        ? {
            ...value,
            rope_type: Reflect.get(value, "rope_type") ?? Reflect.get(value, "type") ?? "default",
          }
        : value,
    z.discriminatedUnion("rope_type", [
      z.looseObject({ rope_type: z.literal("default"), ...common }),
      z.looseObject({ rope_type: z.literal("linear"), factor: positive, ...common }),
      z.looseObject({
        rope_type: z.literal("llama3"),
        factor: positive,
        low_freq_factor: positive,
        high_freq_factor: positive,
        original_max_position_embeddings: z.int().positive(),
        ...common,
      }),
      z.looseObject({
        rope_type: z.literal("yarn"),
        factor: positive,
        original_max_position_embeddings: z.int().positive().nullish(),
        beta_fast: positive.nullish(),
        beta_slow: positive.nullish(),
        attention_factor: positive.nullish(),
        mscale: z.number().nullish(),
        mscale_all_dim: z.number().nullish(),
        truncate: z.boolean().nullish(),
        ...common,
      }),
    ]),
  )
  .nullish();

/** The scaling of parsed fields; null where positions are plain. `maxPositions` stands in for an absent original length. */
export function ropeScalingOf(fields: z.output<typeof ropeFields>, maxPositions: number): RopeScaling | null {
  if (fields === null || fields === undefined) return null;
  switch (fields.rope_type) {
    case "default":
      return null;
    case "linear":
      return { type: "linear", factor: fields.factor };
    case "llama3":
      return {
        type: "llama3",
        factor: fields.factor,
        lowFrequencyFactor: fields.low_freq_factor,
        highFrequencyFactor: fields.high_freq_factor,
        originalPositions: fields.original_max_position_embeddings,
      };
    case "yarn":
      return {
        type: "yarn",
        factor: fields.factor,
        originalPositions: fields.original_max_position_embeddings ?? maxPositions,
        betaFast: fields.beta_fast ?? 32,
        betaSlow: fields.beta_slow ?? 1,
        attentionFactor: fields.attention_factor ?? null,
        mscale: fields.mscale ?? null,
        mscaleAllDimensions: fields.mscale_all_dim ?? null,
        truncate: fields.truncate ?? true,
      };
  }
}

/** The same as Hugging Face's fields, without what is absent. */
export function formatRopeScaling(scaling: RopeScaling | null): Record<string, unknown> {
  const fields = (): Record<string, unknown> => {
    if (scaling === null) return {};
    if (scaling.type === "linear") return { factor: scaling.factor };
    if (scaling.type === "llama3") {
      return {
        factor: scaling.factor,
        low_freq_factor: scaling.lowFrequencyFactor,
        high_freq_factor: scaling.highFrequencyFactor,
        original_max_position_embeddings: scaling.originalPositions,
      };
    }
    return {
      factor: scaling.factor,
      original_max_position_embeddings: scaling.originalPositions,
      beta_fast: scaling.betaFast,
      beta_slow: scaling.betaSlow,
      attention_factor: scaling.attentionFactor,
      mscale: scaling.mscale,
      mscale_all_dim: scaling.mscaleAllDimensions,
      truncate: scaling.truncate,
    };
  };
  const entries = Object.entries(fields()).filter(([, value]) => value !== null);
  return { rope_type: scaling?.type ?? "default", ...Object.fromEntries(entries) };
}
