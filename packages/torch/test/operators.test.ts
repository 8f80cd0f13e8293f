/** Every call of ops.json through the boxed door: results and gradients as PyTorch froze them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { grad, operator, scope, Tensor } from "../src/index.ts";
import { native, type SchemaSlot } from "../src/native.ts";
import { assertFrozen, type FrozenTensor, isFrozenTensor, readFixture, thaw } from "./frozen.ts";

interface Call {
  readonly op: string;
  readonly args: readonly unknown[];
  readonly keywords?: Readonly<Record<string, unknown>>;
  readonly outputs: readonly unknown[];
  readonly gradOutput?: FrozenTensor;
  readonly gradInputs?: readonly (FrozenTensor | null)[];
}

const formats: Readonly<Record<string, string>> = {
  contiguous_format: "contiguous",
  preserve_format: "preserve",
};
const notFinite = new Set(["NaN", "Infinity", "-Infinity"]);

function decode(value: unknown, floating: Tensor[]): unknown {
  if (isFrozenTensor(value)) {
    const made = thaw(value);
    if (/^(b?float)/.test(value.dtype)) floating.push(made);
    return made;
  }
  if (Array.isArray(value)) return value.map((item) => decode(item, floating));
  if (typeof value === "string" && notFinite.has(value)) return Number(value);
  if (typeof value !== "object" || value === null) return value;
  if ("scalarType" in value) return value.scalarType;
  if ("device" in value) return value.device;
  if ("memoryFormat" in value) return formats[value.memoryFormat as string];
  throw new Error(`unknown form in ops.json: ${JSON.stringify(value)}`);
}

function slotsOf(name: string): readonly SchemaSlot[] {
  const [stem = "", overload = ""] = name.split(".");
  return native.schema(native.lookUp(stem, overload)).arguments;
}

function check(call: Call): void {
  const floating: Tensor[] = [];
  const values = call.args.map((value) => decode(value, floating));
  if (call.gradInputs !== undefined) for (const leaf of floating) leaf.requiresGrad = true;
  const slots = slotsOf(call.op);
  for (const [name, value] of Object.entries(call.keywords ?? {})) {
    const position = slots.findIndex((slot) => slot.name === name);
    assert.ok(position >= 0, `${call.op} has no argument ${name}`);
    values[position] = decode(value, []);
  }
  const result = (operator(call.op as string) as (...all: unknown[]) => unknown)(...values);
  const outputs = Array.isArray(result) ? result.flat() : [result];
  assert.equal(outputs.length, call.outputs.length, "number of results");
  call.outputs.forEach((wanted, index) => {
    const what = `output ${index}`;
    if (isFrozenTensor(wanted)) assertFrozen(outputs[index], wanted, what);
    else assert.deepEqual(outputs[index], wanted, what);
  });
  if (call.op.split(".")[0]?.endsWith("_"))
    assertFrozen(values[0], call.outputs[0] as FrozenTensor, "changed in place");
  if (call.gradOutput === undefined || call.gradInputs === undefined) return;
  const target = outputs.find((output) => output instanceof Tensor && output.requiresGrad) as Tensor;
  const gradients = grad([target], floating, { gradOutputs: [thaw(call.gradOutput)], allowUnused: true });
  call.gradInputs.forEach((wanted, index) => {
    if (wanted === null) assert.equal(gradients[index], null, `gradient ${index}`);
    else assertFrozen(gradients[index], wanted, `gradient ${index}`);
  });
}

const calls = readFixture<Call[]>("ops.json");

test("the fixture covers forward and gradient", () => {
  assert.ok(calls.length >= 180, `${calls.length} calls`);
  assert.ok(calls.filter((call) => call.gradInputs !== undefined).length >= 80);
});

calls.forEach((call, index) => {
  test(`${index} ${call.op}`, () => scope(() => check(call)));
});
