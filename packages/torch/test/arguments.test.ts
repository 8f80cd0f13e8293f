/** Every kind of argument and result that schemas use, each through an operator that takes it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Dtype, generator, operator, scope, Tensor, tensor, torch } from "../src/index.ts";

const within = (name: string, body: () => void): void => {
  test(name, () => scope(body));
};
const x = (): Tensor => tensor([1.5, -2, 3]);

within("Tensor? may be null or left out", () => {
  const linear = operator("aten::linear");
  const weight = tensor([[1, 1, 1]]);
  assert.deepEqual(linear(x(), weight).toArray(), [2.5]);
  assert.deepEqual(linear(x(), weight, null).toArray(), [2.5]);
  assert.deepEqual(linear(x(), weight, tensor([1])).toArray(), [3.5]);
});

within("Tensor[] and Tensor?[]", () => {
  assert.deepEqual(operator("aten::cat")([x(), x()]).shape, [6]);
  const grid = torch.arange(6).reshape(2, 3);
  const columns = tensor([2, 0], { dtype: "int64" });
  assert.deepEqual(operator("aten::index.Tensor")(grid, [null, columns]).toArray(), [
    [2, 0],
    [5, 3],
  ]);
});

within(
  "Scalar: whole numbers stay integers, booleans and bigints are taken, minus zero keeps its sign",
  () => {
    const add = operator("aten::add.Scalar");
    const whole = tensor([1], { dtype: "int64" });
    assert.equal(add(whole, 2).dtype, "int64");
    assert.equal(add(whole, 2.5).dtype, "float32");
    assert.deepEqual(add(whole, 2n ** 62n).toTypedArray(), BigInt64Array.of(2n ** 62n + 1n));
    assert.equal(add(tensor([0], { dtype: "int64" }), true).item(), 1);
    const negativeZero = operator("aten::full")([1], -0).item();
    assert.ok(Object.is(negativeZero, -0));
    assert.equal(operator("aten::full")([1], Number.POSITIVE_INFINITY).item(), Number.POSITIVE_INFINITY);
    assert.throws(() => add(whole, 2n ** 64n), /does not fit 64 bits/);
  },
);

within("Scalar[] and float[]", () => {
  const scale = operator("aten::_foreach_mul.ScalarList");
  const [first, second] = scale([x(), tensor([1, 2], { dtype: "int64" })], [2, 3]);
  assert.deepEqual([first?.toArray(), second?.toArray(), second?.dtype], [[3, -4, 6], [3, 6], "int64"]);
  const image = torch.arange(4, { dtype: "float32" }).reshape(1, 1, 4);
  const upsampled = operator("aten::upsample_nearest1d.vec")(image, null, [2]);
  assert.deepEqual(upsampled.toArray(), [[[0, 0, 1, 1, 2, 2, 3, 3]]]);
});

within("int, bigint, and int[] of which one number stands for all", () => {
  assert.equal(operator("aten::select.int")(x(), 0, 1n).item(), -2);
  const pool = operator("aten::max_pool2d");
  const image = torch.arange(16, { dtype: "float32" }).reshape(1, 4, 4);
  assert.deepEqual(pool(image, 2).toArray(), pool(image, [2, 2]).toArray());
  assert.throws(() => operator("aten::select.int")(x(), 0, 1.5), /whole number, got 1\.5/);
});

within("a single int where the schema's list has no size", () => {
  assert.deepEqual(torch.zeros([4]).view(4n).shape, [4]);
  assert.deepEqual(operator("aten::amax")(x(), [0]).item(), 3);
});

within("bool and bool[]", () => {
  assert.deepEqual(operator("aten::sort")(x(), 0, true)[0].toArray(), [3, 1.5, -2]);
  const backward = operator("aten::native_layer_norm_backward");
  const [mean, deviation] = [tensor([[0.8333333]]), tensor([[0.48]])];
  const results = backward(
    x().reshape(1, 3),
    x().reshape(1, 3),
    [3],
    mean,
    deviation,
    tensor([1, 1, 1]),
    null,
    [true, false, false],
  );
  assert.ok(results[0] instanceof Tensor);
  assert.equal(results[1], null);
});

within("float", () => {
  assert.deepEqual(
    operator("aten::layer_norm")(tensor([[1, 3]]), [2], null, null, 1e9)
      .toArray()
      ?.toString()
      .slice(0, 2),
    "-0",
  );
  assert.throws(
    () => operator("aten::dropout")(x(), "half" as unknown as number, false),
    /p: expected a number, got a string/,
  );
});

within("str and str?", () => {
  assert.deepEqual(operator("aten::div.Tensor_mode")(x(), tensor(2), "trunc").toArray(), [0, -1, 1]);
  assert.deepEqual(operator("aten::div.Tensor_mode")(x(), tensor(2), null).toArray(), [0.75, -1, 1.5]);
});

within("dtype, layout, device, pin memory, memory format", () => {
  const zeros = operator("aten::zeros")([2], "int16", "strided", "cpu", false);
  assert.equal(zeros.dtype, "int16");
  const image = torch.zeros([1, 2, 2, 2]).contiguous({ memoryFormat: "channels_last" });
  assert.deepEqual(image.strides, [8, 1, 4, 2]);
  assert.throws(() => operator("aten::zeros")([2], "int17" as Dtype), /unknown dtype 'int17'/);
  assert.throws(
    () => operator("aten::contiguous")(x(), "rows" as "contiguous"),
    /unknown memory format 'rows'/,
  );
});

within("Generator", () => {
  const sample = operator("aten::bernoulli.p");
  const draw = (): unknown => sample(torch.zeros([8]), 0.5, generator(4)).toArray();
  assert.deepEqual(draw(), draw());
  assert.throws(() => sample(torch.zeros([8]), 0.5, 4 as unknown as null), /expected a Generator/);
});

within("out= variants write where they are told", () => {
  const target = torch.zeros([3]);
  const result = operator("aten::mul.out")(x(), x(), target);
  assert.ok(result.sharesMemoryWith(target));
  assert.deepEqual(target.toArray(), [2.25, 4, 9]);
  const [values, places] = [torch.zeros([1]), torch.zeros([1], { dtype: "int64" })];
  operator("aten::topk.values")(x(), 1, 0, true, true, values, places);
  assert.deepEqual([values.item(), places.item()], [3, 2]);
});

within("several results, list results, numbers and booleans as results", () => {
  const [least, greatest] = operator("aten::aminmax")(x());
  assert.deepEqual([least.item(), greatest.item()], [-2, 3]);
  const pieces = operator("aten::split.Tensor")(x(), 2);
  assert.deepEqual(
    pieces.map((piece) => piece.shape),
    [[2], [1]],
  );
  assert.equal(operator("aten::equal")(x(), x()), true);
  assert.equal(operator("aten::item")(tensor(2.5)), 2.5);
  assert.equal(operator("aten::_foreach_zero_")([x()]), undefined);
});

within("more arguments than are spelled out anywhere", () => {
  const convolution = operator("aten::convolution");
  const input = torch.arange(4, { dtype: "float32" }).reshape(1, 1, 4);
  const kernel = tensor([[[1, 1]]]);
  const result = convolution(input, kernel, null, [1], [0], [1], false, [0], 1);
  assert.deepEqual(result.toArray(), [[[1, 3, 5]]]);
});

const dtypesRoundTrip: readonly (readonly [Dtype, readonly number[]])[] = [
  ["float32", [0.5, -3]],
  ["bfloat16", [0.5, -3]],
  ["float16", [0.5, -3]],
  ["float64", [0.1, -3]],
  ["int64", [2 ** 40, -3]],
  ["int32", [2 ** 20, -3]],
  ["int16", [300, -3]],
  ["int8", [100, -3]],
  ["uint8", [200, 3]],
  ["bool", [1, 0]],
  ["float8_e4m3fn", [448, -0.5]],
  ["float8_e5m2", [57344, -0.5]],
];
for (const [dtype, values] of dtypesRoundTrip) {
  within(`${dtype} there and back`, () => {
    const made = tensor(values, { dtype });
    assert.equal(made.dtype, dtype);
    assert.deepEqual([...made.toNumbers()], values);
    assert.equal(made.get(0).item(), values[0]);
    assert.deepEqual([...made.to("float64").toNumbers()], values);
    assert.equal(made.toTypedArray().length, 2);
  });
}

within("float8_e4m3fn rounds to nearest even and keeps the bits", () => {
  const rounded = tensor([1.0625, 1.1875, 17, 0.001953125]).to("float8_e4m3fn");
  assert.deepEqual([...rounded.toTypedArray()], [0x38, 0x3a, 0x58, 0x01]);
  assert.deepEqual([...rounded.toNumbers()], [1, 1.25, 16, 0.001953125]);
});
