/** Activation recomputation (Chen et al. 2016), a layer at a time: backward computes the layer's inside again. */
import { defineFunction, enableGrad, grad, type Tensor } from "@aha/torch";
import { type LayerWeights, layerTensors } from "./decoder-weights.ts";

/** A layer as a function of everything that has a gradient: its weights, the residual stream, the last layer's update. */
export type LayerFunction = (
  weights: LayerWeights,
  residual: Tensor,
  update: Tensor | null,
) => readonly [Tensor, Tensor];

/** The same function, whose graph holds its inputs only. What it computes, forward and backward, is the same to the bit. */
export function recomputed(compute: LayerFunction): LayerFunction {
  return (weights, residual, update) => {
    const streams = update === null ? [residual] : [residual, update];
    const named = layerTensors(weights);
    const run = (inputs: readonly Tensor[]): readonly [Tensor, Tensor] => {
      const held = named.map(([name], index) => [name, inputs[streams.length + index]]);
      const [stream, change = null] = inputs.slice(0, streams.length) as [Tensor, Tensor?];
      return compute(Object.fromEntries(held) as unknown as LayerWeights, stream, change);
    };
    const layer = defineFunction({
      name: "recomputedLayer",
      forward(context, ...inputs) {
        context.save(...inputs);
        return run(inputs);
      },
      backward(saved, gradients) {
        const leaves = saved.map((tensor) => tensor.detach().requiresGrad_());
        return grad(
          enableGrad(() => run(leaves)),
          leaves,
          { gradOutputs: gradients },
        );
      },
    });
    return layer(...streams, ...named.map(([, tensor]) => tensor)) as [Tensor, Tensor];
  };
}
