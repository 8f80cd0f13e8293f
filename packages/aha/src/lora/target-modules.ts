/** Which projections of a decoder an adapter can change, by their paths in Hugging Face's model. */
import type { ModelConfig } from "../folder/model-config.ts";

/** The matrices that a layer holds; see models/decoder-weights.ts. */
export const projectionNames = ["queryKeyValue", "output", "gateUp", "down"] as const;
export type ProjectionName = (typeof projectionNames)[number];

/** The linear modules of a layer by their last name: what a list of target modules may hold. */
export const targetNames = [
  "q_proj",
  "k_proj",
  "v_proj",
  "o_proj",
  "gate_proj",
  "up_proj",
  "down_proj",
] as const;
export type TargetName = (typeof targetNames)[number];

/** One linear module: rows `start … start + length` of a layer's projection, which reads `inputs` numbers. */
export interface TargetModule {
  /** Such as `model.layers.3.self_attn.q_proj`. */
  readonly path: string;
  readonly layer: number;
  readonly projection: ProjectionName;
  readonly start: number;
  readonly length: number;
  readonly inputs: number;
}

/** Every linear module of the layers, in the model's order. */
export function linearModules(config: ModelConfig): TargetModule[] {
  const { hiddenSize, heads, keyValueHeads, headDimension, intermediateSize } = config;
  const queries = heads * headDimension;
  const keys = keyValueHeads * headDimension;
  const ofLayer: readonly (readonly [string, ProjectionName, number, number, number])[] = [
    ["self_attn.q_proj", "queryKeyValue", 0, queries, hiddenSize],
    ["self_attn.k_proj", "queryKeyValue", queries, keys, hiddenSize],
    ["self_attn.v_proj", "queryKeyValue", queries + keys, keys, hiddenSize],
    ["self_attn.o_proj", "output", 0, hiddenSize, queries],
    ["mlp.gate_proj", "gateUp", 0, intermediateSize, hiddenSize],
    ["mlp.up_proj", "gateUp", intermediateSize, intermediateSize, hiddenSize],
    ["mlp.down_proj", "down", 0, hiddenSize, intermediateSize],
  ];
  return Array.from({ length: config.layers }, (_, layer) =>
    ofLayer.map(([name, projection, start, length, inputs]) => ({
      ...{ path: `model.layers.${layer}.${name}`, layer, projection, start, length, inputs },
    })),
  ).flat();
}

/**
 * Whether a key of PEFT names a module: as its whole path or as the end of it, after a dot; with `^` in front only as the
 * whole. (PEFT takes these keys for regular expressions; see `isLiteralKey`.)
 */
export function namesModule(key: string, path: string): boolean {
  const name = key.replaceAll("\\.", ".");
  if (name.startsWith("^")) return name.slice(1) === path;
  return path === name || path.endsWith(`.${name}`);
}

/** False for a key that only a regular expression's engine could match. */
export function isLiteralKey(key: string): boolean {
  return /^\^?[\w.-]+$/.test(key.replaceAll("\\.", "."));
}
