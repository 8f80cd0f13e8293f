/**
 * The KL estimator k3 (Schulman 2020; DeepSeekMath eq. 4): π_ref/π_θ − log(π_ref/π_θ) − 1, per token.
 * Unbiased under samples of π_θ, and never negative.
 */
import type { Tensor } from "@aha/torch";

/** k3 of each token from log-probabilities of policy and reference, float [N] each; differentiable in the policy's. */
export function klK3(policy: Tensor, reference: Tensor): Tensor {
  const difference = reference.sub(policy);
  return difference.exp().sub(difference).sub(1);
}
