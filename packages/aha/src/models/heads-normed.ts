/** Norms of single heads, which Qwen3 has between projection and rotation. */
import { operator, type Tensor, torch } from "@aha/torch";
import type { ModelConfig } from "../folder/model-config.ts";
import type { LayerWeights } from "./decoder-weights.ts";

const rmsNorm = operator("aha::rms_norm");

/** The fused projection [T, (H + 2 Hk) d] with every query and key head RMS-normalised; the projection itself in families without. */
export function headsNormed(projected: Tensor, layer: LayerWeights, config: ModelConfig): Tensor {
  const { queryNorm, keyNorm } = layer;
  if (queryNorm === undefined || keyNorm === undefined) return projected;
  const { heads, keyValueHeads, headDimension, normEpsilon } = config;
  const perHead = projected.view(-1, heads + 2 * keyValueHeads, headDimension);
  const queries = rmsNorm(perHead.narrow(1, 0, heads).contiguous(), queryNorm, normEpsilon);
  const keys = rmsNorm(perHead.narrow(1, heads, keyValueHeads).contiguous(), keyNorm, normEpsilon);
  const values = perHead.narrow(1, heads + keyValueHeads, keyValueHeads);
  return torch.cat([queries, keys, values], 1).view(projected.shape);
}
