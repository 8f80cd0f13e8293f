/** Activation recomputation of a dense decoder, a layer at a time: backward computes the layer's inside again. */
import type { Tensor } from "@aha/torch";
import { type LayerAdapter, layerAdapterTensors, withTensors } from "../lora/adapter.ts";
import { type LayerWeights, layerTensors } from "./decoder-weights.ts";
import { recomputing } from "./recomputation.ts";

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
    const run = (tensors: readonly Tensor[]): readonly [Tensor, Tensor] => {
      const held = named.map(([name], index) => [name, tensors[streams.length + index]]);
      const [stream, change = null] = tensors.slice(0, streams.length) as [Tensor, Tensor?];
      const rest = tensors.slice(streams.length + named.length);
      const ownAdapter = adapter === null ? null : withTensors(adapter, rest);
      return compute(Object.fromEntries(held) as unknown as LayerWeights, ownAdapter, stream, change);
    };
    return recomputing(run, inputs) as [Tensor, Tensor];
  };
}
