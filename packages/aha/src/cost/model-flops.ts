/**
 * Floating-point operations of a model's passes, counted from its architecture.
 *
 * A multiplication with its addition counts as two. Only matrix products count (projections, attention, experts, head), as
 * in PyTorch's FlopCounterMode, which these functions agree with to the last operation; norms, rotations and softmax are
 * left out. Padding is left out too: these are the model's operations, not the hardware's.
 */
import type { DecoderConfig } from "../folder/decoder-config.ts";
import type { DeepseekConfig } from "../folder/deepseek-config.ts";

/** What a pass over tokens computes. */
export interface PassSize {
  readonly tokens: number;
  /** Pairs of a query and a key that it sees, of one head of one layer; see `causalPairs`. */
  readonly pairs: number;
  /** Rows that go through the vocabulary's head. */
  readonly headRows: number;
}

/** Multiply–adds of one token in all layers, of one pair in all layers, and of one row of the head. */
interface Products {
  readonly perToken: number;
  readonly perPair: number;
  readonly perHeadRow: number;
}

/** Pairs of `length` tokens that follow `prefix` earlier ones, each seeing itself and all before it. */
export function causalPairs(prefix: number, length: number): number {
  return length * prefix + (length * (length + 1)) / 2;
}

/** Multiply–adds of a token in the feed-forwards of all layers. */
function feedForwardProducts(config: DecoderConfig): number {
  const { hiddenSize, layers, intermediateSize } = config;
  const dense = 3 * hiddenSize * intermediateSize;
  if (config.family !== "deepseek_v3") return layers * dense;
  const { denseLayers, experts, expertsPerToken, sharedExperts, expertSize } = config;
  const mixed = hiddenSize * experts + 3 * hiddenSize * expertSize * (expertsPerToken + sharedExperts);
  return denseLayers * dense + (layers - denseLayers) * mixed;
}

/** Multiply–adds of a token in one layer's latent projections: queries, the latent with the shared key, the output. */
function latentProjections(config: DeepseekConfig): number {
  const { hiddenSize, heads, plainDimension, headDimension, queryRank, latentRank, valueDimension } = config;
  const queries = heads * (plainDimension + headDimension);
  return (
    (queryRank === null ? hiddenSize * queries : queryRank * (hiddenSize + queries)) +
    hiddenSize * (latentRank + headDimension) +
    heads * valueDimension * hiddenSize
  );
}

/** Of training and prefill. Latent attention (DeepSeek-V2, §2.1) expands each token's keys and values. */
function passProducts(config: DecoderConfig): Products {
  const { hiddenSize, layers, heads, keyValueHeads, headDimension, vocabularySize } = config;
  const perHeadRow = hiddenSize * vocabularySize;
  const feedForward = feedForwardProducts(config);
  if (config.family !== "deepseek_v3") {
    const projections = 2 * hiddenSize * (heads + keyValueHeads) * headDimension;
    return {
      perToken: layers * projections + feedForward,
      perPair: 2 * layers * heads * headDimension,
      perHeadRow,
    };
  }
  const { plainDimension, valueDimension, latentRank } = config;
  const expansion = latentRank * heads * (plainDimension + valueDimension);
  return {
    perToken: layers * (latentProjections(config) + expansion) + feedForward,
    perPair: layers * heads * (plainDimension + headDimension + valueDimension),
    perHeadRow,
  };
}

/** Of decoding with a cache. Latent attention works on the cached latents themselves (DeepSeek-V2, §2.1.2, "absorbed"). */
function decodeProducts(config: DecoderConfig): Products {
  if (config.family !== "deepseek_v3") return passProducts(config);
  const { layers, heads, plainDimension, valueDimension, headDimension, latentRank } = config;
  const absorbed = heads * latentRank * (plainDimension + valueDimension);
  return {
    perToken: layers * (latentProjections(config) + absorbed) + feedForwardProducts(config),
    perPair: layers * heads * (2 * latentRank + headDimension),
    perHeadRow: passProducts(config).perHeadRow,
  };
}

const operations = ({ perToken, perPair, perHeadRow }: Products, size: PassSize): number =>
  2 * (perToken * size.tokens + perPair * size.pairs + perHeadRow * size.headRows);

/** A forward pass: scoring, prefill. */
export function forwardFlops(config: DecoderConfig, size: PassSize): number {
  return operations(passProducts(config), size);
}

/** Decoding of `tokens` tokens, one at a time over a cache, each through the head. */
export function decodeFlops(config: DecoderConfig, size: Omit<PassSize, "headRows">): number {
  return operations(decodeProducts(config), { ...size, headRows: size.tokens });
}

/** What is trained, and how. */
export interface TrainingForm {
  /** Numbers in an adapter on frozen weights; 0: all weights are trained. */
  readonly adapterParameters: number;
  /** Layers are computed a second time in backward. */
  readonly recomputed: boolean;
  /** The prediction module (DeepSeek-V3) is trained as well. */
  readonly predictsAhead: boolean;
}

/** One layer of latent attention and experts over 2 D → D, and the head once more (DeepSeek-V3, §2.2). */
function predictionFlops(config: DecoderConfig, size: PassSize): number {
  if (config.family !== "deepseek_v3" || config.predictionLayers === 0) return 0;
  const oneLayer = passProducts({ ...config, layers: 1, denseLayers: 0 });
  const projection = 2 * config.hiddenSize * config.hiddenSize;
  return operations({ ...oneLayer, perToken: oneLayer.perToken + projection }, size);
}

/**
 * Forward and backward. Backward makes two products for each of forward's, the inputs' gradients and the weights'; for
 * frozen weights under an adapter only the first.
 */
export function trainingFlops(config: DecoderConfig, size: PassSize, form: TrainingForm): number {
  const forward = forwardFlops(config, size) + (form.predictsAhead ? predictionFlops(config, size) : 0);
  const again = form.recomputed ? forwardFlops(config, { ...size, headRows: 0 }) : 0;
  if (form.adapterParameters === 0) return 3 * forward + again;
  // Attention has no weights: both its operands need gradients, frozen projections or not.
  const attention = operations({ perToken: 0, perPair: passProducts(config).perPair, perHeadRow: 0 }, size);
  return 2 * forward + attention + again + 6 * form.adapterParameters * size.tokens;
}

/** Numbers in a model's weights: all, and those that one token meets (its experts, not all experts). */
export interface ParameterCounts {
  readonly total: number;
  readonly active: number;
  /** In routed experts, which are spread over devices by themselves. */
  readonly routed: number;
  /** In one of the embedding matrices. */
  readonly embedding: number;
}

/** Counted from the configuration, norms included; the experts' selection biases (no gradient) and the prediction module left out. */
export function parameterCounts(config: DecoderConfig): ParameterCounts {
  const { hiddenSize, layers, vocabularySize, tieEmbeddings } = config;
  const embedding = hiddenSize * vocabularySize;
  const embeddings = (tieEmbeddings ? 1 : 2) * embedding;
  const norms = (2 * layers + 1) * hiddenSize;
  const { perToken } = passProducts(config);
  if (config.family !== "deepseek_v3") {
    const biases =
      config.family === "qwen2"
        ? layers * (config.heads + 2 * config.keyValueHeads) * config.headDimension
        : 0;
    const headNorms = config.family === "qwen3" ? 2 * layers * config.headDimension : 0;
    const total = perToken + embeddings + norms + biases + headNorms;
    return { total, active: total, routed: 0, embedding };
  }
  const { experts, expertsPerToken, expertSize, denseLayers, latentRank, queryRank } = config;
  const mixedLayers = layers - denseLayers;
  const oneExpert = 3 * hiddenSize * expertSize;
  const latentNorms = layers * (latentRank + (queryRank ?? 0));
  const routed = mixedLayers * experts * oneExpert;
  const active = perToken + embeddings + norms + latentNorms;
  return { total: active + routed - mixedLayers * expertsPerToken * oneExpert, active, routed, embedding };
}

/** Numbers that a cache keeps of a token, over all layers. */
export function cachedPerToken(config: DecoderConfig): number {
  const { layers, keyValueHeads, headDimension } = config;
  return config.family === "deepseek_v3"
    ? layers * (config.latentRank + headDimension)
    : 2 * layers * keyValueHeads * headDimension;
}
