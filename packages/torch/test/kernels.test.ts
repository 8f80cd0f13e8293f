/** The fused kernels against plain PyTorch in float64, forward and gradient, in float32 and bfloat16. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Dtype, grad, operator, scope, Tensor } from "../src/index.ts";
import { type FrozenTensor, isFrozenTensor, readFixture, thaw } from "./frozen.ts";

interface KernelCall {
  readonly op: string;
  readonly dtype: Dtype;
  readonly args: readonly unknown[];
  readonly outputs: readonly FrozenTensor[];
  readonly gradOutputs: readonly (FrozenTensor | null)[];
  readonly gradInputs: readonly (FrozenTensor | null)[];
}

const tolerances: Partial<Record<Dtype, number>> = { float32: 2e-5, bfloat16: 2e-2 };

/** Differences are measured against the reference's root mean square: single elements may cancel to nearly nothing. */
function assertNear(got: Tensor, wanted: FrozenTensor, tolerance: number, what: string): void {
  assert.deepEqual(got.shape, wanted.shape, `${what}: shape`);
  const values = got.toNumbers();
  const references = wanted.data.map(Number);
  const size = Math.max(
    0.05,
    Math.sqrt(references.reduce((sum, value) => sum + value * value, 0) / references.length),
  );
  references.forEach((want, index) => {
    const error = Math.abs((values[index] as number) - want) / (size + Math.abs(want));
    assert.ok(error <= tolerance, `${what}: element ${index} is ${values[index]}, should be ${want}`);
  });
}

function check(call: KernelCall): void {
  const tolerance = tolerances[call.dtype] as number;
  const values = call.args.map((value) => (isFrozenTensor(value) ? thaw(value) : value));
  const leaves = values.filter((value, index): value is Tensor => {
    const differentiable = value instanceof Tensor && call.gradInputs[index] !== null;
    if (differentiable) value.requiresGrad = true;
    return differentiable;
  });
  const result = (operator(call.op as string) as (...all: unknown[]) => Tensor | Tensor[])(...values);
  const outputs = result instanceof Tensor ? [result] : result;
  assert.equal(outputs.length, call.outputs.length);
  outputs.forEach((output, index) => {
    assertNear(output, call.outputs[index] as FrozenTensor, tolerance, `output ${index}`);
  });
  const carriers = outputs.filter((_, index) => call.gradOutputs[index] !== null);
  const directions = call.gradOutputs.filter((item) => item !== null);
  const gradients = grad(carriers, leaves, {
    // A result may be wider than its inputs: log-probabilities of bfloat16 are float32.
    gradOutputs: directions.map((item, index) => thaw(item).to((carriers[index] as Tensor).dtype)),
  });
  const wanted = call.gradInputs.filter((item) => item !== null);
  gradients.forEach((gradient, index) => {
    assert.equal(gradient?.dtype, call.dtype);
    assertNear(gradient as Tensor, wanted[index] as FrozenTensor, 2 * tolerance, `gradient ${index}`);
  });
}

const calls = readFixture<KernelCall[]>("kernels.json");
for (const call of calls) test(`${call.op} ${call.dtype}`, () => scope(() => check(call)));

test("every fixture kernel comes in both dtypes", () => {
  const names = (dtype: Dtype): string[] =>
    calls.filter((call) => call.dtype === dtype).map((call) => call.op);
  assert.ok(names("float32").length >= 8);
  assert.deepEqual(names("float32"), names("bfloat16"));
});
