/** Installs the tensor methods: those of ATen by name, found on first use, and those written by hand. */

import { methodNames } from "./generated/method-names.ts";
import { native } from "./native.ts";
import { findOperator, type OperatorFunction, operator } from "./operators.ts";
import { type Overloads, overloaded, snakeCase } from "./overloads.ts";
import { Tensor } from "./tensor.ts";
import type { BackwardOptions, ConversionOptions, Index, TensorExtras } from "./tensor-extras.ts";
import { type Device, type Dtype, dtypes, type Scalar } from "./types.ts";

const toDtype = operator("aten::to.dtype");
const toDevice = operator("aten::to.device");
const select = operator("aten::select.int");
const index = operator("aten::index.Tensor");
const indexPut = operator("aten::index_put_");
const full = operator("aten::full");
const where = operator("aten::where.self");
const whereScalar = operator("aten::where.ScalarOther");
const viewDtype = operator("aten::view.dtype");

function flat(values: readonly unknown[]): readonly unknown[] {
  return values.length === 1 && Array.isArray(values[0]) ? values[0] : values;
}
function variadic(name: string): (this: Tensor, ...shape: readonly unknown[]) => Tensor {
  const call = findOperator(name) as OperatorFunction;
  return function (...shape) {
    return call(this, flat(shape)) as Tensor;
  };
}

function convert(this: Tensor, target: Dtype | Device | ConversionOptions): Tensor {
  if (typeof target === "string") {
    return dtypes.has(target) ? toDtype(this, target as Dtype) : toDevice(this, target, this.dtype);
  }
  const dtype = target.dtype ?? this.dtype;
  const { nonBlocking = false, copy = false } = target;
  if (target.device === undefined) return toDtype(this, dtype, nonBlocking, copy);
  return toDevice(this, target.device, dtype, nonBlocking, copy);
}

function backward(this: Tensor, gradient: Tensor | null = null, options: BackwardOptions = {}): void {
  native.backward(
    [this.handle],
    [gradient === null ? null : gradient.handle],
    options.retainGraph ?? options.createGraph ?? false,
    options.createGraph ?? false,
    options.inputs === undefined ? null : options.inputs.map((input) => input.handle),
  );
}

function get(this: Tensor, ...indices: readonly Index[]): Tensor {
  let result: Tensor = this;
  let dimension = 0;
  const tensors: (Tensor | null)[] = [];
  for (const item of indices) {
    if (typeof item === "number") {
      result = select(result, dimension, item);
    } else {
      tensors.push(item);
      dimension++;
    }
  }
  return tensors.some((item) => item !== null) ? index(result, tensors) : result;
}

function put(this: Tensor, indices: readonly Index[], value: Tensor | Scalar): Tensor {
  let target: Tensor = this;
  let dimension = 0;
  const tensors: (Tensor | null)[] = [];
  for (const item of indices) {
    if (typeof item === "number") {
      target = select(target, dimension, item);
    } else {
      tensors.push(item);
      dimension++;
    }
  }
  const source = value instanceof Tensor ? value : full([], value, target.dtype, null, target.device);
  if (tensors.some((item) => item !== null)) indexPut(target, tensors, source);
  else target.copy_(source);
  return this;
}
const extras: { [Name in Exclude<keyof TensorExtras, "grad">]: unknown } = {
  to: convert,
  backward,
  requiresGrad_(this: Tensor, value = true): Tensor {
    this.requiresGrad = value;
    return this;
  },
  view: variadic("aten::view"),
  reshape: variadic("aten::reshape"),
  permute: variadic("aten::permute"),
  expand: variadic("aten::expand"),
  repeat: variadic("aten::repeat"),
  viewAs(this: Tensor, dtype: Dtype): Tensor {
    return viewDtype(this, dtype);
  },
  get,
  put_: put,
  where(this: Tensor, condition: Tensor, other: Tensor | Scalar): Tensor {
    return other instanceof Tensor ? where(condition, this, other) : whereScalar(condition, this, other);
  },
  setData(this: Tensor, source: Tensor): void {
    native.setData(this.handle, source.handle);
  },
  sharesMemoryWith(this: Tensor, other: Tensor): boolean {
    return native.sameStorage(this.handle, other.handle);
  },
};

for (const name of methodNames) {
  let call: Overloads | null = null;
  Object.defineProperty(Tensor.prototype, name, {
    configurable: true,
    writable: true,
    value: function method(this: Tensor, ...values: unknown[]): unknown {
      call ??= overloaded(snakeCase(name));
      if (call === null) throw new TypeError(`LibTorch ${native.version()} has no aten::${snakeCase(name)}`);
      return call(values.length === 0 ? [this] : values.length === 1 ? [this, values[0]] : [this, ...values]);
    },
  });
}
for (const [name, method] of Object.entries(extras)) {
  Object.defineProperty(Tensor.prototype, name, { configurable: true, writable: true, value: method });
}
Object.defineProperty(Tensor.prototype, "grad", {
  configurable: true,
  get(this: Tensor): Tensor | null {
    const handle = native.gradOf(this.handle);
    return handle === null ? null : new Tensor(handle);
  },
  set(this: Tensor, gradient: Tensor | null) {
    native.setGrad(this.handle, gradient === null ? null : gradient.handle);
  },
});
