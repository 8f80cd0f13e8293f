/** A dense decoder's weights read from a Hugging Face folder, and as the entries of one. */
import { type Device, type Dtype, mapFile, noGrad, scope, type Tensor } from "@aha/torch";
import { ModelFolderError } from "../folder/errors.ts";
import type { ModelConfig } from "../folder/model-config.ts";
import {
  readSafetensorsHeader,
  type SafetensorsDtype,
  type SafetensorsEntry,
} from "../folder/safetensors.ts";
import { locateWeights, type WeightLocation } from "../folder/weights.ts";
import { type LlamaWeights, type NamedPart, namedParts } from "./decoder-weights.ts";
import { allocateWeights } from "./llama-weights.ts";

const storedDtypes: Partial<Record<SafetensorsDtype, Dtype>> = {
  F64: "float64",
  F32: "float32",
  F16: "float16",
  BF16: "bfloat16",
};
const safetensorsDtypes: Partial<Record<Dtype, SafetensorsDtype>> = {
  float64: "F64",
  float32: "F32",
  float16: "F16",
  bfloat16: "BF16",
};

/** A view of one stored tensor over its file's mapped bytes; copied only where the file leaves it misaligned. */
export function storedTensor(
  bytes: Tensor,
  dataOffset: number,
  location: WeightLocation,
  name: string,
): Tensor {
  const dtype = storedDtypes[location.dtype];
  if (dtype === undefined) {
    throw new ModelFolderError({
      file: location.file,
      message: `weight "${name}": expected F32, F16, BF16 or F64, found ${location.dtype}`,
      remedy: "Convert the checkpoint to one of those first",
    });
  }
  const width =
    (location.end - location.start) /
    Math.max(
      1,
      location.shape.reduce((a, b) => a * b, 1),
    );
  const start = dataOffset + location.start;
  const raw = bytes.slice(0, start, dataOffset + location.end);
  const aligned = start % width === 0 ? raw : raw.clone();
  return aligned.viewAs(dtype).view(location.shape);
}

/** Reads the weights of a folder, one file at a time by memory map, converting as they are copied into place. */
export function loadWeights(folder: string, config: ModelConfig, dtype: Dtype, device: Device): LlamaWeights {
  const located = locateWeights(folder);
  const weights = allocateWeights(config, dtype, device);
  const parts = namedParts(config, weights);
  for (const { name, shape } of parts) {
    const location = located.get(name);
    const fault = (message: string): ModelFolderError =>
      new ModelFolderError({
        file: location?.file ?? folder,
        message: `weight "${name}": ${message}`,
        remedy: "config.json and the weights do not belong together, or the folder is incomplete",
      });
    if (location === undefined) throw fault(`expected [${shape.join(", ")}], found no such weight`);
    if (location.shape.join() !== shape.join()) {
      throw fault(`expected [${shape.join(", ")}] by config.json, found [${location.shape.join(", ")}]`);
    }
  }
  refuseStrangers(folder, config, located, new Set(parts.map(({ name }) => name)));
  const byFile = new Map<string, NamedPart[]>();
  for (const part of parts) {
    const { file } = located.get(part.name) as WeightLocation;
    byFile.set(file, [...(byFile.get(file) ?? []), part]);
  }
  for (const [file, held] of byFile) {
    const { dataOffset } = readSafetensorsHeader(file);
    scope(() =>
      noGrad(() => {
        const bytes = mapFile(file);
        for (const { name, tensor, start, length } of held) {
          scope(() => {
            const stored = storedTensor(bytes, dataOffset, located.get(name) as WeightLocation, name);
            tensor.narrow(0, start, length).copy_(stored);
          });
        }
      }),
    );
  }
  return weights;
}

/** A weight that the model has no place for means that it is another model: its numbers would be wrong. */
function refuseStrangers(
  folder: string,
  config: ModelConfig,
  located: ReadonlyMap<string, WeightLocation>,
  known: ReadonlySet<string>,
): void {
  const harmless = /rotary_emb\.inv_freq$/;
  for (const [name, { file }] of located) {
    if (known.has(name) || harmless.test(name)) continue;
    if (name === "lm_head.weight" && config.tieEmbeddings) continue;
    throw new ModelFolderError({
      file: file ?? folder,
      message: `weight "${name}" has no place in a ${config.family} model of this configuration`,
      remedy: "Check model_type and the biases in config.json; this architecture may not be supported",
    });
  }
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
