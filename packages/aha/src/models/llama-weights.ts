/** The weights of a dense decoder as a whole: made fresh, copied, converted, filled. */
import {
  type Device,
  type Dtype,
  fromTypedArray,
  type Generator,
  noGrad,
  scope,
  type Tensor,
  torch,
} from "@aha/torch";
import { type Family, families } from "../folder/families.ts";
import type { ModelConfig } from "../folder/model-config.ts";
import {
  type LayerWeights,
  type LlamaWeights,
  layerTensors,
  namedParts,
  parametersOf,
} from "./decoder-weights.ts";

/** Uninitialised weights of the right shapes, kept alive until disposed. */
export function allocateWeights(config: ModelConfig, dtype: Dtype, device: Device): LlamaWeights {
  const { hiddenSize, heads, keyValueHeads, headDimension, intermediateSize, vocabularySize } = config;
  const empty = (...shape: number[]): Tensor => torch.empty(shape, { dtype, device }).keep();
  const embedding = empty(vocabularySize, hiddenSize);
  const family: Family = families[config.family];
  const projected = (heads + 2 * keyValueHeads) * headDimension;
  return {
    embedding,
    layers: Array.from({ length: config.layers }, () => ({
      inputNorm: empty(hiddenSize),
      queryKeyValue: empty(projected, hiddenSize),
      ...(family.projectionBias ? { queryKeyValueBias: empty(projected) } : {}),
      ...(family.queryKeyNorm ? { queryNorm: empty(headDimension), keyNorm: empty(headDimension) } : {}),
      output: empty(hiddenSize, heads * headDimension),
      postAttentionNorm: empty(hiddenSize),
      gateUp: empty(2 * intermediateSize, hiddenSize),
      down: empty(hiddenSize, intermediateSize),
    })),
    norm: empty(hiddenSize),
    head: config.tieEmbeddings ? embedding : empty(vocabularySize, hiddenSize),
  };
}

/** Fresh weights: norms one, biases zero, matrices normal with the configuration's standard deviation, as transformers does. */
export function initialiseWeights(
  config: ModelConfig,
  generator: Generator,
  dtype: Dtype = "float32",
  device: Device = "cpu",
): LlamaWeights {
  const weights = allocateWeights(config, dtype, device);
  const biases = new Set(weights.layers.map((layer) => layer.queryKeyValueBias));
  noGrad(() =>
    scope(() => {
      for (const parameter of parametersOf(weights)) {
        if (parameter.dimensions === 1) {
          parameter.fill_(biases.has(parameter) ? 0 : 1);
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
    layers: weights.layers.map((layer) => {
      const changed = layerTensors(layer).map(([name, tensor]) => [name, change(tensor)]);
      return Object.fromEntries(changed) as unknown as LayerWeights;
    }),
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
