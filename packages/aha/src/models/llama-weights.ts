/** The weights of a Llama-family decoder: made fresh, read from a Hugging Face folder, and written back. */
import {
  type Device,
  type Dtype,
  fromTypedArray,
  type Generator,
  mapFile,
  noGrad,
  scope,
  type Tensor,
  torch,
} from "@aha/torch";
import { ModelFolderError } from "../folder/errors.ts";
import type { ModelConfig } from "../folder/model-config.ts";
import {
  readSafetensorsHeader,
  type SafetensorsDtype,
  type SafetensorsEntry,
} from "../folder/safetensors.ts";
import { locateWeights, type WeightLocation } from "../folder/weights.ts";

/** One decoder layer. Projections that read the same input are held as one matrix: one GEMM instead of two or three. */
export interface LayerWeights {
  readonly inputNorm: Tensor; // [D]
  readonly queryKeyValue: Tensor; // [(H + 2 Hk) d, D]: queries, keys, values
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

/** A part of a held matrix under its name in Hugging Face's files: rows `start … start + length` of dimension 0. */
interface NamedPart {
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
  const split = (tensor: Tensor, names: readonly (readonly [string, number])[]): NamedPart[] => {
    let start = 0;
    return names.map(([name, length]) => {
      const part = { name, tensor, start, length, shape: [length, hiddenSize] };
      start += length;
      return part;
    });
  };
  const queries = heads * headDimension;
  const keys = keyValueHeads * headDimension;
  const layers = weights.layers.flatMap((layer, index) => {
    const path = `model.layers.${index}`;
    return [
      whole(`${path}.input_layernorm.weight`, layer.inputNorm, [hiddenSize]),
      ...split(layer.queryKeyValue, [
        [`${path}.self_attn.q_proj.weight`, queries],
        [`${path}.self_attn.k_proj.weight`, keys],
        [`${path}.self_attn.v_proj.weight`, keys],
      ]),
      whole(`${path}.self_attn.o_proj.weight`, layer.output, [hiddenSize, queries]),
      whole(`${path}.post_attention_layernorm.weight`, layer.postAttentionNorm, [hiddenSize]),
      ...split(layer.gateUp, [
        [`${path}.mlp.gate_proj.weight`, intermediateSize],
        [`${path}.mlp.up_proj.weight`, intermediateSize],
      ]),
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
  const layers = weights.layers.flatMap((layer) => [
    layer.inputNorm,
    layer.queryKeyValue,
    layer.output,
    layer.postAttentionNorm,
    layer.gateUp,
    layer.down,
  ]);
  const head = weights.head === weights.embedding ? [] : [weights.head];
  return [weights.embedding, ...layers, weights.norm, ...head];
}

/** Uninitialised weights of the right shapes, kept alive until disposed. */
export function allocateWeights(config: ModelConfig, dtype: Dtype, device: Device): LlamaWeights {
  const { hiddenSize, heads, keyValueHeads, headDimension, intermediateSize, vocabularySize } = config;
  const empty = (...shape: number[]): Tensor => torch.empty(shape, { dtype, device }).keep();
  const embedding = empty(vocabularySize, hiddenSize);
  return {
    embedding,
    layers: Array.from({ length: config.layers }, () => ({
      inputNorm: empty(hiddenSize),
      queryKeyValue: empty((heads + 2 * keyValueHeads) * headDimension, hiddenSize),
      output: empty(hiddenSize, heads * headDimension),
      postAttentionNorm: empty(hiddenSize),
      gateUp: empty(2 * intermediateSize, hiddenSize),
      down: empty(hiddenSize, intermediateSize),
    })),
    norm: empty(hiddenSize),
    head: config.tieEmbeddings ? embedding : empty(vocabularySize, hiddenSize),
  };
}

/** Fresh weights: norms one, matrices normal with the configuration's standard deviation, as transformers does. */
export function initialiseWeights(
  config: ModelConfig,
  generator: Generator,
  dtype: Dtype = "float32",
  device: Device = "cpu",
): LlamaWeights {
  const weights = allocateWeights(config, dtype, device);
  noGrad(() =>
    scope(() => {
      for (const parameter of parametersOf(weights)) {
        if (parameter.dimensions === 1) {
          parameter.fill_(1);
        } else {
          // Drawn in float32 whatever the dtype, so that a seed means the same numbers for all.
          const drawn = torch.randn(parameter.shape, { generator, dtype: "float32" });
          parameter.copy_(drawn.mul_(config.initializerRange));
        }
      }
    }),
  );
  return weights;
}

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
      message: `weight "${name}" has no place in a Llama model of this configuration`,
      remedy: "Check model_type and the biases in config.json; this architecture may not be supported",
    });
  }
}

/** A copy of a tensor's elements, dense and row-major in its own dtype; call within a scope. */
export function tensorBytes(tensor: Tensor): Uint8Array {
  const values = tensor.to("cpu").contiguous().toTypedArray();
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** The weights as entries of safetensors files, in their own dtype, each part's bytes made when it is written. */
export function weightEntries(config: ModelConfig, weights: LlamaWeights): SafetensorsEntry[] {
  return namedParts(config, weights).map(({ name, tensor, start, length, shape }) => {
    const dtype = safetensorsDtypes[tensor.dtype];
    if (dtype === undefined)
      throw new TypeError(`weight "${name}": no safetensors dtype for ${tensor.dtype}`);
    return {
      name,
      dtype,
      shape,
      bytes: () => scope(() => noGrad(() => tensorBytes(tensor.detach().narrow(0, start, length)))),
    };
  });
}

/** A copy that shares nothing with the original: a reference policy. */
export function copyWeights(weights: LlamaWeights): LlamaWeights {
  return mapWeights(weights, (tensor) => scope(() => noGrad(() => tensor.detach().clone().keep())));
}

/** The same weights in another dtype; the given ones are released. Unchanged where the dtype is the same. */
export function weightsAs(weights: LlamaWeights, dtype: Dtype): LlamaWeights {
  if (weights.embedding.dtype === dtype) return weights;
  return mapWeights(weights, (tensor) => {
    const converted = scope(() => noGrad(() => tensor.detach().to(dtype).keep()));
    tensor.dispose();
    return converted;
  });
}

/** Applies a function to every tensor, once where embedding and head are one. */
function mapWeights(weights: LlamaWeights, change: (tensor: Tensor) => Tensor): LlamaWeights {
  const tied = weights.head === weights.embedding;
  const embedding = change(weights.embedding);
  return {
    embedding,
    layers: weights.layers.map((layer) => ({
      inputNorm: change(layer.inputNorm),
      queryKeyValue: change(layer.queryKeyValue),
      output: change(layer.output),
      postAttentionNorm: change(layer.postAttentionNorm),
      gateUp: change(layer.gateUp),
      down: change(layer.down),
    })),
    norm: change(weights.norm),
    head: tied ? embedding : change(weights.head),
  };
}

/** Writes the values of one set of weights over another's. */
export function assignWeights(target: LlamaWeights, source: LlamaWeights): void {
  const sources = parametersOf(source);
  noGrad(() =>
    scope(() => {
      parametersOf(target).forEach((parameter, index) => {
        parameter.copy_((sources[index] as Tensor).detach());
      });
    }),
  );
}

/** Weights from plain arrays by Hugging Face's names: for other formats' readers. */
export function weightsFromArrays(
  config: ModelConfig,
  arrays: ReadonlyMap<string, Float32Array>,
  dtype: Dtype = "float32",
): LlamaWeights {
  const weights = allocateWeights(config, dtype, "cpu");
  scope(() =>
    noGrad(() => {
      for (const { name, tensor, start, length, shape } of namedParts(config, weights)) {
        const values = arrays.get(name);
        if (values === undefined) throw new RangeError(`no values for the weight "${name}"`);
        tensor.narrow(0, start, length).copy_(fromTypedArray(values, { shape }));
      }
    }),
  );
  return weights;
}
