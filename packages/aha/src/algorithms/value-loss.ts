/**
 * PPO's loss of the value model: ½ (V − return)² by token, with the clipped form of Schulman's implementation as an option:
 * ½ max((V − R)², (clip(V, V_old − ε, V_old + ε) − R)²), which keeps an update from going far at once.
 */
import { noGrad, scope, type Tensor, torch } from "@aha/torch";

export interface ValueLossInput {
  readonly values: Tensor; // float32 [N], with gradient
  readonly old: Tensor; // float32 [N], before the step's first update
  readonly returns: Tensor; // float32 [N]
  readonly weights: Tensor; // float32 [N], by the loss form
}

export interface ValueLoss {
  readonly loss: Tensor; // float32 [], with gradient
  /** Tokens whose clipped form is the larger. */
  readonly clipped: number;
}

/** `clip` is ε, in the units of the reward; null: not clipped. */
export function valueLoss({ values, old, returns, weights }: ValueLossInput, clip: number | null): ValueLoss {
  return scope(() => {
    const plain = squared(values.sub(returns));
    if (clip === null) return { loss: plain.mul(weights).sum().mul(0.5), clipped: 0 };
    const near = old.add(values.sub(old).clamp(-clip, clip));
    const limited = squared(near.sub(returns));
    const clipped = noGrad(() => limited.detach().gt(plain.detach()).sum().item());
    return { loss: torch.maximum(plain, limited).mul(weights).sum().mul(0.5), clipped };
  });
}

const squared = (value: Tensor): Tensor => value.mul(value);
