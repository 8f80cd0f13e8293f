/** The configuration of a Llama of one of the benchmark's shapes. */
import type { ModelConfig } from "../packages/aha/src/folder/model-config.ts";
import type { Shape } from "./flops.ts";

export function llamaConfig(shape: Shape, dtype: ModelConfig["dtype"]): ModelConfig {
  return {
    family: "llama",
    vocabularySize: shape.vocabulary,
    hiddenSize: shape.width,
    layers: shape.layers,
    heads: shape.heads,
    keyValueHeads: shape.keyValueHeads,
    headDimension: shape.width / shape.heads,
    intermediateSize: shape.intermediate,
    maxPositions: 2048,
    normEpsilon: 1e-6,
    ropeTheta: 10_000,
    ropeScaling: null,
    tieEmbeddings: shape.tied,
    initializerRange: 0.02,
    dtype,
    bosTokenId: null,
    eosTokenIds: [],
    padTokenId: null,
  };
}
