/** What training keeps of a chunk for its backward pass. */
import type { DecoderConfig } from "../../folder/decoder-config.ts";

/** Numbers that one layer keeps of a token: norms' inputs and outputs, queries, keys, values, attention's output, the gate. */
function keptPerToken(config: DecoderConfig): number {
  const { hiddenSize, heads, keyValueHeads, headDimension, intermediateSize } = config;
  if (config.family !== "deepseek_v3") {
    return 4 * hiddenSize + (2 * heads + 2 * keyValueHeads) * headDimension + 3 * intermediateSize;
  }
  const { queryRank, latentRank, plainDimension, valueDimension } = config;
  const { expertsPerToken, sharedExperts, expertSize } = config;
  // Keys and values are expanded again in backward from the latents, as DeepSeek-V3's training did (its report, §3.2.3).
  const latents = (queryRank ?? 0) + latentRank + headDimension;
  const attended = heads * (plainDimension + headDimension + valueDimension);
  const routed = expertsPerToken * (hiddenSize + 3 * expertSize) + 3 * sharedExperts * expertSize;
  return 4 * hiddenSize + latents + attended + routed;
}

/**
 * Bytes for `tokens` tokens of one chunk on one device, in bfloat16. However the layers are spread over a pipeline, its
 * first stage has as many chunks under way as there are stages, so that all layers' worth of one chunk counts.
 */
export function activationBytes(config: DecoderConfig, tokens: number, recomputed: boolean): number {
  const within = keptPerToken(config);
  const kept = recomputed ? 2 * config.hiddenSize * config.layers + 2 * within : within * config.layers;
  return 2 * tokens * kept;
}
