/** Reads the frozen PyTorch values of the fixtures and compares tensors with them; shared by the tests. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { type Dtype, type NestedNumbers, Tensor, tensor } from "../src/index.ts";

/** A tensor as the fixtures write it: data row-major, NaN and infinities as strings. */
export interface FrozenTensor {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly data: readonly (number | boolean | string)[];
}

/** Parses a fixture beside this file. */
export function readFixture<Content>(name: string): Content {
  return JSON.parse(readFileSync(new URL(`./fixtures/${name}`, import.meta.url), "utf8")) as Content;
}

export function isFrozenTensor(value: unknown): value is FrozenTensor {
  return typeof value === "object" && value !== null && "data" in value && "dtype" in value;
}

export function thaw(frozen: FrozenTensor): Tensor {
  const flat = tensor(frozen.data.map(Number) as NestedNumbers, { dtype: frozen.dtype });
  return flat.reshape(frozen.shape);
}

// Two roundings' worth: the fixtures' values went through the same operators, but not always the same summation order.
const tolerances: Partial<Record<Dtype, number>> = {
  float64: 1e-10,
  float32: 2e-6,
  bfloat16: 2 ** -7,
  float16: 2 ** -9,
};

/** Fails unless dtype, shape and values agree; integers exactly, floating point to a few roundings. */
export function assertFrozen(got: unknown, frozen: FrozenTensor, what: string, tolerance?: number): void {
  assert.ok(got instanceof Tensor, `${what}: expected a tensor, got ${String(got)}`);
  assert.equal(got.dtype, frozen.dtype, `${what}: dtype`);
  assert.deepEqual(got.shape, frozen.shape, `${what}: shape`);
  const allowed = tolerance ?? tolerances[frozen.dtype] ?? 0;
  const values = got.toNumbers();
  const wanted = frozen.data.map(Number);
  const size = Math.max(1e-3, ...wanted.filter(Number.isFinite).map(Math.abs));
  wanted.forEach((want, index) => {
    const value = values[index] as number;
    if (Object.is(value, want) || value === want) return;
    const difference = Math.abs(value - want);
    assert.ok(difference <= allowed * size, `${what}: element ${index} is ${value}, should be ${want}`);
  });
}
