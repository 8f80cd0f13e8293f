/**
 * GRPO's loss over scored tokens.
 *
 * DeepSeekMath eq. 3 / DeepSeek-R1 eq. 1, negated: ℓ_t = −min(ρ_t A, clip(ρ_t, 1 − ε_low, 1 + ε_high) A) + β k3_t, summed
 * with the loss form's weights. Old log-probabilities are the sampler's own; ρ is 1 where they agree with the policy's.
 */
import { noGrad, scope, type Tensor, torch } from "@aha/torch";
import type { ImportanceForm } from "./importance.ts";
import { klK3 } from "./kl.ts";

export interface PolicyLossInput {
  readonly policy: Tensor; // float32 [N], with gradient
  readonly old: Tensor; // float32 [N]
  readonly reference: Tensor | null; // float32 [N]; null where β is 0
  readonly advantages: Tensor; // float32 [N], the sequence's for each of its tokens
  readonly weights: Tensor; // float32 [N], by the loss form
  readonly sequences: Tensor; // int64 [N]
  readonly counts: Tensor; // float32 [sequences], scored tokens of each
}

export interface PolicyLossOptions {
  readonly importance: ImportanceForm;
  readonly clipLow: number;
  readonly clipHigh: number;
  readonly klCoefficient: number;
}

/** The loss and what is worth knowing about it; sums over tokens, so that micro-batches add up. */
export interface PolicyLoss {
  readonly loss: Tensor; // float32 [], with gradient
  readonly statistics: {
    readonly klSum: number;
    readonly clippedLow: number; // tokens below the range with A < 0
    readonly clippedHigh: number; // tokens above it with A > 0
  };
}

/** −min(ρ A, clip(ρ) A) per token, from log ratios [N] (Schulman et al. 2017 eq. 7, with two bounds). */
export function clippedSurrogate(
  logRatio: Tensor,
  advantages: Tensor,
  clipLow: number,
  clipHigh: number,
): Tensor {
  const ratio = logRatio.exp();
  const clipped = ratio.clamp(1 - clipLow, 1 + clipHigh);
  return torch.minimum(ratio.mul(advantages), clipped.mul(advantages)).neg();
}

/** Computes the loss; see the file's head. */
export function policyLoss(input: PolicyLossInput, options: PolicyLossOptions): PolicyLoss {
  return scope(() => {
    const { policy, old, reference, advantages, weights, sequences, counts } = input;
    const { clipLow, clipHigh, klCoefficient } = options;
    const logRatio = options.importance(policy, old, sequences, counts);
    let perToken = clippedSurrogate(logRatio, advantages, clipLow, clipHigh);
    let klSum = 0;
    if (reference !== null) {
      const kl = klK3(policy, reference);
      klSum = kl.detach().sum().item();
      if (klCoefficient !== 0) perToken = perToken.add(kl.mul(klCoefficient));
    }
    const statistics = noGrad(() => {
      const ratio = logRatio.detach().exp();
      const low = ratio.lt(1 - clipLow).logicalAnd(advantages.lt(0));
      const high = ratio.gt(1 + clipHigh).logicalAnd(advantages.gt(0));
      return { klSum, clippedLow: low.sum().item(), clippedHigh: high.sum().item() };
    });
    return { loss: perToken.mul(weights).sum(), statistics };
  });
}
