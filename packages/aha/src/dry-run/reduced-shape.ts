/** A smaller model of the same architecture, for a rehearsal that fits the machine at hand. */
import type { DecoderConfig } from "../folder/decoder-config.ts";
import { modelSize } from "../models/fresh-model.ts";

/** Weights, gradients and their float32 sums, master weights and moments: bytes a parameter in training. */
const BYTES_PER_PARAMETER = 22;

export interface ReducedShape {
  readonly config: DecoderConfig;
  /** In words, what was taken away; empty where nothing was. */
  readonly what: string;
}

function withLayers(config: DecoderConfig, layers: number): DecoderConfig {
  if (config.family !== "deepseek_v3") return { ...config, layers };
  // One dense layer and one with experts at least: both kinds are to be met.
  return { ...config, layers, denseLayers: Math.min(config.denseLayers, layers - 1), predictionLayers: 0 };
}

const half = (size: number): number => size / 2;

/** Half as wide: half of the hidden numbers and of what lies between, and half the heads where they can be halved. */
function halved(config: DecoderConfig): DecoderConfig | null {
  const { hiddenSize, heads, keyValueHeads, intermediateSize } = config;
  if (hiddenSize % 4 !== 0 || intermediateSize % 2 !== 0) return null;
  const shared = { hiddenSize: half(hiddenSize), intermediateSize: half(intermediateSize) };
  if (config.family === "deepseek_v3") {
    const { experts, expertGroups, expertsPerToken, expertSize, latentRank, queryRank } = config;
    const fewer = experts / 2 >= 2 * expertGroups && experts / 2 >= expertsPerToken ? half(experts) : experts;
    const fewerHeads = heads % 2 === 0 ? half(heads) : heads;
    return {
      ...config,
      ...shared,
      heads: fewerHeads,
      keyValueHeads: fewerHeads,
      experts: fewer,
      expertSize: Math.max(32, half(expertSize)),
      latentRank: Math.max(32, half(latentRank)),
      queryRank: queryRank === null ? null : Math.max(32, half(queryRank)),
    };
  }
  if (heads % 2 !== 0) return { ...config, ...shared };
  const keys = keyValueHeads % 2 === 0 ? half(keyValueHeads) : keyValueHeads;
  return half(heads) % keys === 0
    ? { ...config, ...shared, heads: half(heads), keyValueHeads: keys }
    : { ...config, ...shared };
}

/**
 * The shape with as many layers as can be trained in `bytes`, at least two; where two are too many it is also made narrower.
 * Vocabulary, head width and everything else stay. Null where nothing fits.
 */
export function reducedShape(config: DecoderConfig, bytes: number): ReducedShape | null {
  const fits = (one: DecoderConfig): boolean => BYTES_PER_PARAMETER * modelSize(one).parameters <= bytes;
  if (fits(config)) return { config, what: "" };
  const two = withLayers(config, Math.min(2, config.layers));
  if (fits(two)) {
    const three = modelSize(withLayers(config, 3)).parameters;
    const each = three - modelSize(two).parameters;
    const more = Math.floor((bytes / BYTES_PER_PARAMETER - modelSize(two).parameters) / each);
    const layers = Math.min(config.layers, 2 + Math.max(0, more));
    return { config: withLayers(config, layers), what: `${layers} of ${config.layers} layers` };
  }
  let narrow: DecoderConfig | null = two;
  for (let part = 2; narrow !== null && part <= 64; part *= 2) {
    narrow = halved(narrow);
    if (narrow !== null && fits(narrow)) {
      return {
        config: narrow,
        what: `${narrow.layers} of ${config.layers} layers at 1/${part} of the width`,
      };
    }
  }
  return null;
}
