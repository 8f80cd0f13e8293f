/** The Tensor: a light object around an integer handle into the addon's table. */
import { inspect } from "node:util";
import type { TensorMethods } from "./generated/signatures.ts";
import { native, type TypedArray } from "./native.ts";
import type { TensorExtras } from "./tensor-extras.ts";
import { TorchError } from "./torch-error.ts";
import type { Device, Dtype, NestedNumbers } from "./types.ts";

native.setErrorClass(TorchError);

// A safety net only: tensors made outside of any scope and forgotten are released when their object is collected.
const forgotten = new FinalizationRegistry<number>((handle) => native.release(handle));
let openScopes = 0;

/** Counts scopes, so that only tensors outside of them pay for the safety net. */
export function scopeOpened(): void {
  openScopes++;
}
export function scopeClosed(): void {
  openScopes--;
}

/**
 * An n-dimensional array on some device, with LibTorch's storage and autograd behind it.
 *
 * Inside `scope(() => …)` a tensor lives until the scope ends unless it is returned or `keep()` is called.
 * Methods follow PyTorch's names in camelCase; see `generated/signatures.ts` for all of them.
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: methods.ts installs what the merged interfaces declare.
export class Tensor {
  declare readonly handle: number; // declared only: as a class field it would be written twice

  constructor(handle: number) {
    this.handle = handle;
    if (openScopes === 0) forgotten.register(this, handle, this);
  }

  /** Sizes of the dimensions. */
  get shape(): number[] {
    return native.shape(this.handle);
  }
  /** Elements to skip in memory for one step along each dimension. */
  get strides(): number[] {
    return native.strides(this.handle);
  }
  /** The elements' type. */
  get dtype(): Dtype {
    return native.dtypeName(native.dtype(this.handle)) as Dtype;
  }
  /** Where the memory is: `cpu`, `cuda:0`. */
  get device(): Device {
    return native.device(this.handle);
  }
  /** Number of dimensions. */
  get dimensions(): number {
    return native.shape(this.handle).length;
  }
  /** Number of elements. */
  get elementCount(): number {
    return native.elementCount(this.handle);
  }
  /** Whether the tensor behind this object still exists. */
  get alive(): boolean {
    return native.alive(this.handle);
  }
  /** The size of one dimension; negative counts from the last. */
  size(dimension: number): number {
    const shape = native.shape(this.handle);
    const size = shape[dimension < 0 ? shape.length + dimension : dimension];
    if (size === undefined) {
      throw new RangeError(
        `size(${dimension}): the tensor has ${shape.length} dimensions: ${this.describe()}`,
      );
    }
    return size;
  }

  /** The single element as a number (or boolean). Throws for tensors of more elements. */
  item(): number {
    return Number(native.item(this.handle));
  }

  /** All elements in row-major order as float64. Integers above 2^53 lose digits; use toTypedArray for those. */
  toNumbers(): Float64Array {
    return native.toNumbers(this.handle);
  }

  /** The elements nested by dimension. */
  toArray(): NestedNumbers {
    const values = native.toNumbers(this.handle);
    const shape = this.shape;
    let position = 0;
    const build = (dimension: number): NestedNumbers => {
      if (dimension === shape.length) return values[position++] as number;
      return Array.from({ length: shape[dimension] as number }, () => build(dimension + 1));
    };
    return build(0);
  }

  /**
   * A copy of the elements, row-major, in the array type of this dtype. bfloat16 and float16 come as their bits in a
   * Uint16Array, bool and float8 as bytes.
   */
  toTypedArray(): TypedArray {
    const array = new arrayTypes[this.dtype](this.elementCount * (this.dtype.startsWith("complex") ? 2 : 1));
    native.copyBytes(this.handle, array);
    return array;
  }

  /** A view of this tensor's own memory, no copy: contiguous CPU tensors only. The view keeps the memory alive. */
  viewTypedArray(): TypedArray {
    return new arrayTypes[this.dtype](native.shareBytes(this.handle));
  }

  /** dtype, shape and device in one line. */
  describe(): string {
    return this.alive ? native.describe(this.handle) : "released tensor";
  }

  /** Whether a graph is recorded from this tensor on. Settable for leaves of floating point. */
  get requiresGrad(): boolean {
    return native.requiresGrad(this.handle);
  }
  set requiresGrad(value: boolean) {
    native.setRequiresGrad(this.handle, value);
  }
  /** Whether no recorded operator made it. */
  get isLeaf(): boolean {
    return native.isLeaf(this.handle);
  }
  /** The name of the graph node that made this tensor, null for leaves. */
  get gradFunction(): string | null {
    return native.gradFunction(this.handle);
  }

  /** Frees the handle now. Using the tensor afterwards is an error. */
  dispose(): void {
    forgotten.unregister(this);
    native.release(this.handle);
  }

  /** Takes the tensor out of the open scope: it lives until dispose(), or until its object is collected. */
  keep(): this {
    native.keep(this.handle);
    if (openScopes > 0) forgotten.register(this, this.handle, this);
    return this;
  }

  [inspect.custom](): string {
    if (!this.alive) return "Tensor(released)";
    const few = this.elementCount <= 64 ? ` ${inspect(this.toArray(), { depth: 8, compact: 3 })}` : "";
    return `Tensor(${this.describe()})${few}`;
  }
}

export interface Tensor extends TensorExtras, Omit<TensorMethods, keyof TensorExtras> {}

const arrayTypes = {
  float32: Float32Array,
  float64: Float64Array,
  bfloat16: Uint16Array,
  float16: Uint16Array,
  int64: BigInt64Array,
  int32: Int32Array,
  int16: Int16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  bool: Uint8Array,
  complex64: Float32Array,
  complex128: Float64Array,
  float8_e4m3fn: Uint8Array,
  float8_e5m2: Uint8Array,
} as const satisfies Record<Dtype, unknown>;

/** Registers a tensor that outlives the outermost scope with the safety net. */
export function adopt(tensor: Tensor): void {
  if (openScopes === 0 && tensor.alive) forgotten.register(tensor, tensor.handle, tensor);
}
