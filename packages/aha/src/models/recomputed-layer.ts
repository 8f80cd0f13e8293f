/** Activation recomputation (Chen et al. 2016), a layer at a time: backward computes the layer's inside again. */
import { defineFunction, enableGrad, grad, type Tensor } from "@aha/torch";
import { type LayerAdapter, layerAdapterTensors, withTensors } from "../lora/adapter.ts";
import { type LayerWeights, layerTensors } from "./decoder-weights.ts";

/** A layer as a function of everything that may have a gradient: weights, adapter, residual stream, the last layer's update. */
export type LayerFunction = (
  weights: LayerWeights,
  adapter: LayerAdapter | null,
  residual: Tensor,
  update: Tensor | null,
) => readonly [Tensor, Tensor];

/** The same function, whose graph holds its inputs only. What it computes, forward and backward, is the same to the bit. */
export function recomputed(compute: LayerFunction): LayerFunction {
  return (weights, adapter, residual, update) => {
    const streams = update === null ? [residual] : [residual, update];
    const named = layerTensors(weights);
    const adapted = adapter === null ? [] : layerAdapterTensors(adapter);
    const inputs = [...streams, ...named.map(([, tensor]) => tensor), ...adapted];
    // Frozen weights get no gradient: computing it would cost as much again.
    const wanted = inputs.map((input) => input.requiresGrad);
    const run = (tensors: readonly Tensor[]): readonly [Tensor, Tensor] => {
      const held = named.map(([name], index) => [name, tensors[streams.length + index]]);
      const [stream, change = null] = tensors.slice(0, streams.length) as [Tensor, Tensor?];
      const rest = tensors.slice(streams.length + named.length);
      const ownAdapter = adapter === null ? null : withTensors(adapter, rest);
      return compute(Object.fromEntries(held) as unknown as LayerWeights, ownAdapter, stream, change);
    };
    const layer = defineFunction({
      name: "recomputedLayer",
      forward(context) {
        context.save(...inputs);
        return run(inputs);
      },
      backward(saved, gradients) {
        const leaves = saved.map((tensor, index) =>
          wanted[index] ? tensor.detach().requiresGrad_() : tensor.detach(),
        );
        // With a frozen base, an output of the first layers may depend on nothing that has a gradient.
        const outputs = enableGrad(() => run(leaves)).map((output, index) => ({ output, index }));
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
    return layer(...inputs) as [Tensor, Tensor];
  };
}
