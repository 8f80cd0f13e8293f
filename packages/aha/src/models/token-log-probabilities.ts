/** Log-probabilities of given next tokens through the fused, chunked head. */
import { operator, type Tensor } from "@aha/torch";
import type { Llama } from "./llama.ts";

const fused = operator("aha::token_log_probabilities");

export interface TokenScores {
  readonly logProbabilities: Tensor; // float32 [N]
  /** Of the whole next-token distribution, in nats; carries no gradient. */
  readonly entropy: Tensor; // float32 [N]
}

/**
 * log softmax(h · Wᵀ / temperature)[target] for hidden states h [N, D] and targets int64 [N]. Logits exist for one
 * chunk of rows at a time, forward and backward.
 */
export function tokenLogProbabilities(
  model: Llama,
  hidden: Tensor,
  targets: Tensor,
  temperature = 1,
  chunkRows = 0,
): TokenScores {
  const [logProbabilities, entropy] = fused(hidden, model.weights.head, targets, temperature, chunkRows);
  return { logProbabilities, entropy };
}
