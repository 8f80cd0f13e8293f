/** Declares the tensor methods that are written by hand, because PyTorch's form of them is not the schema's. */
import type { Tensor } from "./tensor.ts";
import type { Device, Dtype, Integer, Scalar } from "./types.ts";

/** What `to()` should change. */
export interface ConversionOptions {
  readonly dtype?: Dtype;
  readonly device?: Device;
  /** Copies even where nothing changes. */
  readonly copy?: boolean;
  readonly nonBlocking?: boolean;
}
/** Options of `backward()`. */
export interface BackwardOptions {
  /** Keeps the graph for another pass. */
  readonly retainGraph?: boolean;
  /** Builds a graph of the gradients, for derivatives of higher order. */
  readonly createGraph?: boolean;
  /** Accumulates into these leaves only. */
  readonly inputs?: readonly Tensor[];
}

/** An index of one dimension: a position, `null` for all of it, or a tensor of positions or booleans. */
export type Index = number | null | Tensor;

export interface TensorExtras {
  /** Converts dtype, device or both: `x.to("bfloat16")`, `x.to("cuda")`, `x.to({ dtype, device })`. */
  to(target: Dtype | Device | ConversionOptions): Tensor;
  /** Accumulates d(this)/d(leaf) into every leaf's `grad`. Throws for tensors of several elements without a gradient. */
  backward(gradient?: Tensor | null, options?: BackwardOptions): void;
  /** The accumulated gradient, null before any backward. */
  grad: Tensor | null;
  /** Marks the tensor as a leaf whose gradient is wanted; returns itself. */
  requiresGrad_(value?: boolean): Tensor;
  /** The same memory in another shape, which must fit its strides; -1 once for what remains. */
  view(...shape: readonly Integer[] | [readonly Integer[]]): Tensor;
  /** As view, copying where the strides don't fit. */
  reshape(...shape: readonly Integer[] | [readonly Integer[]]): Tensor;
  /** The dimensions in another order, without a copy. */
  permute(...order: readonly Integer[] | [readonly Integer[]]): Tensor;
  /** Repeats dimensions of size 1 without a copy; -1 keeps a size. */
  expand(...shape: readonly Integer[] | [readonly Integer[]]): Tensor;
  /** Copies of the tensor side by side along each dimension. */
  repeat(...times: readonly Integer[] | [readonly Integer[]]): Tensor;
  /** Reinterprets the bytes as another dtype. */
  viewAs(dtype: Dtype): Tensor;
  /** `x.get(0)`, `x.get(null, index)`: selects along the leading dimensions as Python's `x[0]`, `x[:, index]`. */
  get(...indices: readonly Index[]): Tensor;
  /** `x.put_([i, null], value)`: as Python's `x[i, :] = value`, in place. */
  put_(indices: readonly Index[], value: Tensor | Scalar): Tensor;
  /** This tensor's elements where `condition` holds, the other's elsewhere. */
  where(condition: Tensor, other: Tensor | Scalar): Tensor;
  /** This handle stands for the other tensor's memory from now on, as `p.data = q` in Python. */
  setData(source: Tensor): void;
  /** Whether both stand on the same storage. */
  sharesMemoryWith(other: Tensor): boolean;
}
