/** Activation recomputation (Chen et al. 2016) of any function of tensors: its graph holds the inputs only. */
import { defineFunction, enableGrad, grad, type Tensor } from "@aha/torch";

/** What computes tensors from tensors, the same ones whenever it is called with the same values. */
export type TensorFunction = (inputs: readonly Tensor[]) => readonly Tensor[];

/**
 * `compute(inputs)`, computed again in backward instead of kept: the same values and gradients to the bit. Everything that
 * has a gradient must be among the inputs; other tensors that `compute` reads must live until backward is over.
 */
export function recomputing(compute: TensorFunction, inputs: readonly Tensor[]): Tensor[] {
  // Frozen inputs get no gradient: computing it would cost as much again.
  const wanted = inputs.map((input) => input.requiresGrad);
  const run = defineFunction({
    name: "recomputing",
    forward(context) {
      context.save(...inputs);
      return compute(inputs);
    },
    backward(saved, gradients) {
      const leaves = saved.map((tensor, index) =>
        wanted[index] ? tensor.detach().requiresGrad_() : tensor.detach(),
      );
      const outputs = enableGrad(() => compute(leaves)).map((output, index) => ({ output, index }));
      // With frozen inputs, an output may depend on nothing that has a gradient.
      const tracked = outputs.filter(({ output }) => output.requiresGrad);
      const found = grad(
        tracked.map(({ output }) => output),
        leaves.filter((_, index) => wanted[index]),
        { gradOutputs: tracked.map(({ index }) => gradients[index] as Tensor) },
      );
      let position = 0;
      return wanted.map((one) => (one ? (found[position++] as Tensor) : null));
    },
  });
  return run(...inputs);
}
