/** Tensors from JavaScript values, typed arrays and files. */
import { closeSync, fstatSync, openSync } from "node:fs";
import { native, type TypedArray } from "./native.ts";
import { operator } from "./operators.ts";
import { Tensor } from "./tensor.ts";
import { TorchError } from "./torch-error.ts";
import type { Device, Dtype, NestedNumbers } from "./types.ts";

/** What a new tensor should be; float32 (bool for booleans) on the CPU without a gradient unless said otherwise. */
export interface TensorOptions {
  readonly dtype?: Dtype | undefined;
  readonly device?: Device | undefined;
  readonly requiresGrad?: boolean | undefined;
}

function measure(data: NestedNumbers): number[] {
  const shape: number[] = [];
  for (let level: NestedNumbers = data; Array.isArray(level); level = level[0] as NestedNumbers) {
    shape.push(level.length);
    if (level.length === 0) break;
  }
  return shape;
}

function flatten(data: NestedNumbers, shape: readonly number[]): Float64Array {
  const values = new Float64Array(shape.reduce((product, size) => product * size, 1));
  let position = 0;
  const visit = (level: NestedNumbers, dimension: number): void => {
    if (dimension === shape.length) {
      if (typeof level !== "number" && typeof level !== "boolean") {
        throw new TorchError(
          `tensor(): expected a number at depth ${dimension}, got ${JSON.stringify(level)}`,
        );
      }
      values[position++] = Number(level);
      return;
    }
    if (!Array.isArray(level) || level.length !== shape[dimension]) {
      const got = Array.isArray(level) ? `${level.length} elements` : typeof level;
      throw new TorchError(
        `tensor(): ragged data: expected ${shape[dimension]} elements at depth ${dimension}, got ${got}`,
      );
    }
    for (const item of level) visit(item, dimension + 1);
  };
  visit(data, 0);
  return values;
}

function guessDtype(data: NestedNumbers): Dtype {
  let level: NestedNumbers = data;
  while (Array.isArray(level) && level.length > 0) level = level[0] as NestedNumbers;
  return typeof level === "boolean" ? "bool" : "float32";
}

function finish(tensor: Tensor, options: TensorOptions): Tensor {
  const placed =
    options.device === undefined || options.device === "cpu" ? tensor : tensor.to(options.device);
  if (options.requiresGrad) placed.requiresGrad = true;
  return placed;
}

const toDtype = operator("aten::to.dtype");

/**
 * A tensor of nested numbers or booleans. The dtype is float32 for numbers and bool for booleans unless given: a
 * JavaScript `1` does not say whether it is an integer.
 */
export function tensor(data: NestedNumbers, options: TensorOptions = {}): Tensor {
  const shape = measure(data);
  const values = flatten(data, shape);
  const dtype = options.dtype ?? guessDtype(data);
  const wide = new Tensor(native.fromTypedArray(values, shape, "float64", false));
  if (dtype === "float64") return finish(wide, options);
  const made = toDtype(wide, dtype);
  wide.dispose();
  return finish(made, options);
}

function dtypeOf(array: TypedArray): Dtype {
  if (array instanceof Float32Array) return "float32";
  if (array instanceof Float64Array) return "float64";
  if (array instanceof BigInt64Array) return "int64";
  if (array instanceof Int32Array) return "int32";
  if (array instanceof Int16Array) return "int16";
  if (array instanceof Int8Array) return "int8";
  if (array instanceof Uint8Array || array instanceof Uint8ClampedArray) return "uint8";
  throw new TorchError(`fromTypedArray(): ${array.constructor.name} has no dtype of its own; pass { dtype }`);
}

/**
 * A tensor from a typed array: row-major, `shape` defaults to one dimension. With `share: true` no copy is made: the
 * tensor is a view of the array's memory (and keeps it alive). bfloat16 and float16 take their bits in a Uint16Array.
 */
export function fromTypedArray(
  array: TypedArray,
  options: TensorOptions & {
    readonly shape?: readonly number[] | undefined;
    readonly share?: boolean | undefined;
  } = {},
): Tensor {
  const dtype = options.dtype ?? dtypeOf(array);
  const shape = options.shape ?? [array.length];
  return finish(new Tensor(native.fromTypedArray(array, shape, dtype, options.share ?? false)), options);
}

/** int64 [n] of token ids or indices. */
export function indices(values: readonly number[] | Int32Array, shape?: readonly number[]): Tensor {
  return fromTypedArray(BigInt64Array.from(values as readonly number[], BigInt), { shape });
}

const fromFile = operator("aten::from_file");

/** A file's bytes as a uint8 tensor [size], mapped into memory: nothing is read until it is used, and never twice. */
export function mapFile(path: string): Tensor {
  const file = openSync(path, "r");
  try {
    const { size } = fstatSync(file);
    return fromFile(path, false, size, "uint8");
  } finally {
    closeSync(file);
  }
}
