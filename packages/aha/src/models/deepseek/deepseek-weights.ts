/** What a DeepSeek-V3 model's weights are, as they are held: experts stacked, projections of one input fused. */
import { type Device, type Dtype, type Generator, noGrad, scope, type Tensor, torch } from "@aha/torch";
import type { DeepseekConfig } from "../../folder/deepseek-config.ts";

/**
 * Latent attention (DeepSeek-V2, §2.1). H heads of n plain and r rotated dimensions, values of v; q and c are the widths of
 * the latents.
 */
export interface AttentionWeights {
  /** [q + c + r, D]: the queries' latent (or, without one, all H (n + r) queries), the keys' and values', the rotated key. */
  readonly latents: Tensor;
  readonly queryNorm?: Tensor; // [q]
  readonly query?: Tensor; // [H (n + r), q]
  readonly latentNorm: Tensor; // [c]
  readonly keyValue: Tensor; // [H (n + v), c], each head's keys before its values
  readonly output: Tensor; // [D, H v]
}

/** A feed-forward network of width F. */
export interface DenseWeights {
  readonly gateUp: Tensor; // [2 F, D]
  readonly down: Tensor; // [D, F]
}

/** E routed experts of width F, and the shared ones as a single network. */
export interface ExpertWeights {
  readonly router: Tensor; // [E, D]
  /** float32 [E]: added to scores for choosing only; moved by load balancing, never by gradients. */
  readonly correction: Tensor;
  readonly gateUp: Tensor; // [E, 2 F, D]
  readonly down: Tensor; // [E, D, F]
  readonly sharedGateUp: Tensor; // [2 F', D]
  readonly sharedDown: Tensor; // [D, F']
}

export interface DeepseekLayer {
  readonly inputNorm: Tensor; // [D]
  readonly attention: AttentionWeights;
  readonly postAttentionNorm: Tensor; // [D]
  readonly feedForward: DenseWeights | ExpertWeights;
}

/** The multi-token prediction module (DeepSeek-V3, §2.2). */
export interface PredictionWeights {
  readonly embeddingNorm: Tensor; // [D]
  readonly hiddenNorm: Tensor; // [D]
  readonly projection: Tensor; // [D, 2 D]: of the embedding, of the hidden state
  readonly layer: DeepseekLayer;
  readonly norm: Tensor; // [D], before the shared head
}

export interface DeepseekWeights {
  readonly embedding: Tensor; // [V, D]
  readonly layers: readonly DeepseekLayer[];
  readonly norm: Tensor; // [D]
  readonly head: Tensor; // [V, D]; the embedding itself where they are tied
  readonly prediction: PredictionWeights | null;
}

export const hasExperts = (feedForward: DenseWeights | ExpertWeights): feedForward is ExpertWeights =>
  "router" in feedForward;

type Allocate = (...shape: number[]) => Tensor;

function allocateAttention(config: DeepseekConfig, empty: Allocate): AttentionWeights {
  const { hiddenSize, heads, plainDimension, headDimension, valueDimension, latentRank, queryRank } = config;
  const queries = heads * (plainDimension + headDimension);
  return {
    latents: empty((queryRank ?? queries) + latentRank + headDimension, hiddenSize),
    ...(queryRank === null ? {} : { queryNorm: empty(queryRank), query: empty(queries, queryRank) }),
    latentNorm: empty(latentRank),
    keyValue: empty(heads * (plainDimension + valueDimension), latentRank),
    output: empty(hiddenSize, heads * valueDimension),
  };
}

function allocateLayer(
  config: DeepseekConfig,
  index: number,
  empty: Allocate,
  device: Device,
): DeepseekLayer {
  const { hiddenSize, intermediateSize, expertSize, experts, sharedExperts } = config;
  const shared = expertSize * sharedExperts;
  return {
    inputNorm: empty(hiddenSize),
    attention: allocateAttention(config, empty),
    postAttentionNorm: empty(hiddenSize),
    feedForward:
      index < config.denseLayers
        ? { gateUp: empty(2 * intermediateSize, hiddenSize), down: empty(hiddenSize, intermediateSize) }
        : {
            router: empty(experts, hiddenSize),
            correction: torch.zeros([experts], { dtype: "float32", device }).keep(),
            gateUp: empty(experts, 2 * expertSize, hiddenSize),
            down: empty(experts, hiddenSize, expertSize),
            sharedGateUp: empty(2 * shared, hiddenSize),
            sharedDown: empty(hiddenSize, shared),
          },
  };
}

/** Uninitialised weights of the right shapes, kept alive until disposed. The prediction module is made where the configuration has one. */
export function allocateDeepseek(config: DeepseekConfig, dtype: Dtype, device: Device): DeepseekWeights {
  const { hiddenSize, vocabularySize, layers } = config;
  const empty: Allocate = (...shape) => torch.empty(shape, { dtype, device }).keep();
  const embedding = empty(vocabularySize, hiddenSize);
  return {
    embedding,
    layers: Array.from({ length: layers }, (_, index) => allocateLayer(config, index, empty, device)),
    norm: empty(hiddenSize),
    head: config.tieEmbeddings ? embedding : empty(vocabularySize, hiddenSize),
    prediction:
      config.predictionLayers === 0
        ? null
        : {
            embeddingNorm: empty(hiddenSize),
            hiddenNorm: empty(hiddenSize),
            projection: empty(hiddenSize, 2 * hiddenSize),
            // Beyond the dense layers whatever their number: the module is a layer of the stack's kind.
            layer: allocateLayer(config, Math.max(layers, config.denseLayers), empty, device),
            norm: empty(hiddenSize),
          },
  };
}

function attentionTensors(attention: AttentionWeights): Tensor[] {
  const { latents, queryNorm, query, latentNorm, keyValue, output } = attention;
  return [latents, queryNorm, query, latentNorm, keyValue, output].filter((one) => one !== undefined);
}

function feedForwardTensors(weights: DenseWeights | ExpertWeights): Tensor[] {
  const { gateUp, down } = weights;
  return hasExperts(weights)
    ? [weights.router, gateUp, down, weights.sharedGateUp, weights.sharedDown]
    : [gateUp, down];
}

/** A layer's trained tensors in a fixed order. */
export function deepseekLayerTensors(layer: DeepseekLayer): Tensor[] {
  const { inputNorm, attention, postAttentionNorm, feedForward } = layer;
  return [inputNorm, ...attentionTensors(attention), postAttentionNorm, ...feedForwardTensors(feedForward)];
}

/** The same layer over other tensors, given in the order of `deepseekLayerTensors`. */
export function withLayerTensors(layer: DeepseekLayer, tensors: readonly Tensor[]): DeepseekLayer {
  let position = 0;
  const next = (): Tensor => tensors[position++] as Tensor;
  const inputNorm = next();
  const { attention, feedForward } = layer;
  const own = Object.fromEntries(
    (["latents", "queryNorm", "query", "latentNorm", "keyValue", "output"] as const)
      .filter((name) => attention[name] !== undefined)
      .map((name) => [name, next()]),
  ) as unknown as AttentionWeights;
  const postAttentionNorm = next();
  if (!hasExperts(feedForward)) {
    return { inputNorm, attention: own, postAttentionNorm, feedForward: { gateUp: next(), down: next() } };
  }
  const { correction } = feedForward;
  const [router, gateUp, down, sharedGateUp, sharedDown] = [next(), next(), next(), next(), next()];
  return {
    inputNorm,
    attention: own,
    postAttentionNorm,
    feedForward: { router, correction, gateUp, down, sharedGateUp, sharedDown },
  };
}

/** The tensors that are trained by gradients, each once, in a fixed order. */
export function deepseekParameters(weights: DeepseekWeights): Tensor[] {
  const { embedding, layers, norm, head, prediction } = weights;
  return [
    embedding,
    ...layers.flatMap(deepseekLayerTensors),
    norm,
    ...(head === embedding ? [] : [head]),
    ...(prediction === null
      ? []
      : [
          prediction.embeddingNorm,
          prediction.hiddenNorm,
          prediction.projection,
          ...deepseekLayerTensors(prediction.layer),
          prediction.norm,
        ]),
  ];
}

/** Every layer's correction bias, the prediction module's last; of layers with experts. */
export function correctionsOf({ layers, prediction }: DeepseekWeights): Tensor[] {
  const all = prediction === null ? layers : [...layers, prediction.layer];
  return all.flatMap(({ feedForward }) => (hasExperts(feedForward) ? [feedForward.correction] : []));
}

/** Fresh weights as transformers makes them: norms one, correction biases zero, matrices normal. */
export function initialiseDeepseek(
  config: DeepseekConfig,
  generator: Generator,
  dtype: Dtype = "float32",
  device: Device = "cpu",
): DeepseekWeights {
  const weights = allocateDeepseek(config, dtype, device);
  noGrad(() =>
    scope(() => {
      for (const parameter of deepseekParameters(weights)) {
        if (parameter.dimensions === 1) {
          parameter.fill_(1);
          continue;
        }
        // Drawn in float32 whatever the dtype, so that a seed means the same numbers for all.
        const drawn = torch.randn(parameter.shape, { generator, dtype: "float32" });
        parameter.copy_(drawn.mul_(config.initializerRange));
      }
    }),
  );
  return weights;
}

/** Writes the values of one set of weights, correction biases included, over another's. */
export function assignDeepseek(target: DeepseekWeights, source: DeepseekWeights): void {
  const all = (weights: DeepseekWeights): Tensor[] => [
    ...deepseekParameters(weights),
    ...correctionsOf(weights),
  ];
  const sources = all(source);
  noGrad(() =>
    scope(() => {
      all(target).forEach((tensor, index) => {
        tensor.copy_((sources[index] as Tensor).detach());
      });
    }),
  );
}

/** A copy that shares nothing with the original: a reference policy. */
export function copyDeepseek(config: DeepseekConfig, weights: DeepseekWeights): DeepseekWeights {
  const predictionLayers = weights.prediction === null ? 0 : 1;
  const { dtype, device } = weights.embedding;
  const copy = allocateDeepseek({ ...config, predictionLayers }, dtype, device);
  assignDeepseek(copy, weights);
  return copy;
}

/** Releases every tensor. */
export function disposeDeepseek(weights: DeepseekWeights): void {
  for (const tensor of [...deepseekParameters(weights), ...correctionsOf(weights)]) tensor.dispose();
}
