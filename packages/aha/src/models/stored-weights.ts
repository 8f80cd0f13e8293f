/** A dense decoder's weights read from a Hugging Face folder, and as the entries of one. */
import { type Device, type Dtype, noGrad, scope, type Tensor } from "@aha/torch";
import { ModelFolderError } from "../folder/errors.ts";
import type { ModelConfig } from "../folder/model-config.ts";
import type { SafetensorsDtype, SafetensorsEntry } from "../folder/safetensors.ts";
import { locateWeights } from "../folder/weights.ts";
import { type LlamaWeights, type NamedPart, namedParts } from "./decoder-weights.ts";
import { allocateWeights } from "./llama-weights.ts";
import { fillParts } from "./stored-parts.ts";

const safetensorsDtypes: Partial<Record<Dtype, SafetensorsDtype>> = {
  float64: "F64",
  float32: "F32",
  float16: "F16",
  bfloat16: "BF16",
};

/** The name of a sequence classifier's head in Hugging Face's files. */
export const SCORE_WEIGHT = "score.weight";

/** Reads the weights of a folder, one file at a time by memory map, converting as they are copied into place. */
export function loadWeights(folder: string, config: ModelConfig, dtype: Dtype, device: Device): LlamaWeights {
  if (locateWeights(folder).has(SCORE_WEIGHT)) {
    throw new ModelFolderError({
      file: folder,
      message: `weight "${SCORE_WEIGHT}": a reward model or classifier, which gives scores, not tokens`,
      remedy: "Name a causal model; a reward model is taken by rewardModel({ path }) and `aha reward-model`",
    });
  }
  const weights = allocateWeights(config, dtype, device);
  fillParts(folder, namedParts(config, weights), {
    blocks: null,
    ignored: (name) =>
      /rotary_emb\.inv_freq$/.test(name) || (name === "lm_head.weight" && config.tieEmbeddings),
    family: config.family,
  });
  return weights;
}

/** A copy of a tensor's elements, dense and row-major in its own dtype; call within a scope. */
export function tensorBytes(tensor: Tensor): Uint8Array {
  const values = tensor.to("cpu").contiguous().toTypedArray();
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** A part of a tensor as an entry of a safetensors file, in its own dtype; its bytes are made when it is written. */
export function tensorEntry({ name, tensor, start, length, shape }: NamedPart): SafetensorsEntry {
  const dtype = safetensorsDtypes[tensor.dtype];
  if (dtype === undefined) throw new TypeError(`weight "${name}": no safetensors dtype for ${tensor.dtype}`);
  const bytes = (): Uint8Array =>
    scope(() => noGrad(() => tensorBytes(tensor.detach().narrow(0, start, length))));
  return { name, dtype, shape, bytes };
}

/** The weights as entries of safetensors files. */
export function weightEntries(config: ModelConfig, weights: LlamaWeights): SafetensorsEntry[] {
  return namedParts(config, weights).map(tensorEntry);
}
