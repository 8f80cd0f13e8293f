/** The norm of all gradients together, and clipping by it. */
import { noGrad } from "./autograd.ts";
import { operator } from "./operators.ts";
import { scope } from "./scope.ts";
import type { Tensor } from "./tensor.ts";

const norm = operator("aha::global_norm");

/** The Euclidean norm over all elements of all tensors, as if they were one vector; summed in float64, then rounded to float32. */
export function globalNorm(tensors: readonly Tensor[]): number {
  return tensors.length === 0 ? 0 : scope(() => norm(tensors).item());
}

/**
 * Scales the parameters' gradients in place so that their common norm is at most `maxNorm`; returns the norm before.
 * A norm that is not finite leaves the gradients alone: the caller decides what to do with the step.
 */
export function clipGradNorm(parameters: readonly Tensor[], maxNorm: number): number {
  return scope(() =>
    noGrad(() => {
      const gradients = parameters.map((parameter) => parameter.grad).filter((gradient) => gradient !== null);
      const total = globalNorm(gradients);
      const scale = maxNorm / (total + 1e-6);
      if (Number.isFinite(total) && scale < 1) for (const gradient of gradients) gradient.mul_(scale);
      return total;
    }),
  );
}
