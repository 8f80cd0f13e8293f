/**
 * Losses of reward models, per example, from scalar scores.
 *
 * Pairwise (Bradley & Terry 1952; Ouyang et al. 2022 eq. 1; DeepSeek-R1's helpful reward): −log σ(r_chosen − r_rejected).
 * Pointwise (DeepSeek-R1's safety reward): binary cross-entropy, −log σ(r) where the response is good, −log σ(−r) where not.
 */
import { operator, type Tensor } from "@aha/torch";

const softplus = operator("aten::softplus");

/** −log σ(chosen − rejected) of each pair, float [N] from float [N] each. */
export function pairwiseLoss(chosen: Tensor, rejected: Tensor): Tensor {
  return softplus(rejected.sub(chosen));
}

/** Binary cross-entropy of each score as the logit of its label (1 good, 0 not), float [N] from float [N] each. */
export function pointwiseLoss(scores: Tensor, labels: Tensor): Tensor {
  return softplus(scores).sub(scores.mul(labels));
}

/**
 * (r_chosen + r_rejected)² of each pair (Eisenstein et al. 2023, §2): added with a small weight it centres the rewards around
 * 0, which a loss of differences leaves open.
 */
export function centring(chosen: Tensor, rejected: Tensor): Tensor {
  const sum = chosen.add(rejected);
  return sum.mul(sum);
}
