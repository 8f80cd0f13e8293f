/** The end of every update: the norm over all gradients, clipping by it, and the optimiser's step. */
import { type AdamW, globalNorm, type Tensor } from "@aha/torch";

export interface GradientStep {
  readonly learningRate: number;
  readonly maxGradientNorm: number;
}

export interface AppliedGradients {
  /** Before clipping. */
  readonly gradientNorm: number;
  /** False where the loss or the gradient was not finite: the step was left out. */
  readonly applied: boolean;
}

/** Steps the optimiser with the parameters' gradients, in their order; null where a parameter has none. */
export function applyGradients(
  optimizer: AdamW,
  gradients: readonly (Tensor | null)[],
  loss: number,
  { learningRate, maxGradientNorm }: GradientStep,
): AppliedGradients {
  const present = gradients.filter((gradient) => gradient !== null);
  const gradientNorm = globalNorm(present);
  const applied = Number.isFinite(gradientNorm) && Number.isFinite(loss);
  // Without any gradient there is nothing to step by, and the optimiser's count of steps stays.
  if (applied && present.length > 0) {
    const gradientScale = Math.min(1, maxGradientNorm / (gradientNorm + 1e-6));
    optimizer.step({ learningRate, gradientScale, gradients });
  }
  return { gradientNorm, applied };
}
