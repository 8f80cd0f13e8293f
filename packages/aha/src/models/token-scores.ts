/** What scoring tokens gives. */
import type { Tensor } from "@aha/torch";

export interface TokenScores {
  readonly logProbabilities: Tensor; // float32 [N]
  /** Of the whole next-token distribution, in nats; carries no gradient. */
  readonly entropy: Tensor; // float32 [N]
}
