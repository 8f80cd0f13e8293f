/** What the errors say: the operator, what it was given, and what to do. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type NestedNumbers, operator, scope, type Tensor, TorchError, tensor, torch } from "../src/index.ts";

function errorOf(body: () => unknown): TorchError {
  try {
    scope(() => {
      body();
    });
  } catch (error) {
    assert.ok(error instanceof TorchError, `expected a TorchError, got ${error}`);
    return error;
  }
  return assert.fail("nothing was thrown");
}
const matrix = (): Tensor => tensor([[1, 2, 3]]);

test("wrong shapes: operator, shapes and dtypes are named", () => {
  const error = errorOf(() => matrix().mm(matrix().to("float32")));
  assert.equal(error.name, "TorchError");
  assert.equal(error.operator, "aten::mm");
  assert.equal(error.given, "self: float32 [1, 3], mat2: float32 [1, 3]");
  assert.match(error.message, /^aten::mm: .*cannot be multiplied/s);
  assert.match(error.message, /\n {2}given self: float32 \[1, 3\], mat2: float32 \[1, 3\]$/);
  assert.ok(!error.message.includes("Exception raised from"), "no C++ stack trace");
});

test("wrong dtypes", () => {
  const error = errorOf(() => matrix().mm(matrix().t().to("bfloat16")));
  assert.match(error.message, /aten::mm: .*dtype/s);
  assert.match(error.given, /mat2: bfloat16 \[3, 1\]/);
});

test("lists and plain values appear in what was given", () => {
  const error = errorOf(() => torch.cat([matrix(), torch.zeros([2, 2])], 0));
  assert.equal(error.given, "tensors: [float32 [1, 3], float32 [2, 2]], dim: 0");
});

test("an index out of range", () => {
  assert.match(
    errorOf(() => operator("aten::select.int")(matrix(), 1, 5)).message,
    /^aten::select.int: .*index 5/s,
  );
});

test("an unknown operator says where to look", () => {
  const error = errorOf(() => operator("aten::no_such_thing"));
  assert.match(
    error.message,
    /^LibTorch \d+\.\d+\.\S+ has no operator aten::no_such_thing; see operatorNames\("/,
  );
});

test("an unknown overload", () => {
  assert.match(errorOf(() => operator("aten::add.Nothing")).message, /has no operator aten::add.Nothing/);
});

test("no overload fits: what was given and every form are listed", () => {
  const loose = matrix() as unknown as { add(...values: unknown[]): Tensor };
  const error = errorOf(() => loose.add("one", { alpha: 2 }));
  assert.match(
    error.message,
    /aten::add takes no such arguments: \(Tensor float32 \[1, 3\], "one", \{"alpha":2\}\)/,
  );
  assert.match(error.message, /\n {2}aten::add\.Tensor\(Tensor self, Tensor other, Scalar alpha\)\n/);
});

test("an unknown keyword", () => {
  const loose = matrix() as unknown as { sum(...values: unknown[]): Tensor };
  assert.match(errorOf(() => loose.sum(0, { keepDim: true })).message, /"keepDim":true/);
});

test("too many and too few arguments at the boxed door", () => {
  const loose = operator("aten::neg" as string) as (...values: unknown[]) => Tensor;
  assert.match(errorOf(() => loose(matrix(), 1)).message, /^aten::neg: takes 1 arguments, got 2/);
  assert.match(errorOf(() => loose()).message, /^aten::neg: self: a Tensor is required/);
  assert.match(errorOf(() => loose("x")).message, /^aten::neg: self: expected a Tensor, got a string/);
});

test("a tensor that was released", () => {
  const gone = scope(() => {
    const made = matrix();
    return () => made;
  });
  assert.match(
    errorOf(() => gone().neg()).message,
    /^aten::neg: this tensor was already released: .*\n {2}given self: a released tensor/s,
  );
  assert.match(errorOf(() => gone().shape).message, /already released/);
  assert.equal(gone().describe(), "released tensor");
});

test("ragged and non-numeric data", () => {
  assert.match(
    errorOf(() => tensor([[1, 2], [3]])).message,
    /ragged data: expected 2 elements at depth 1, got 1 elements/,
  );
  assert.match(
    errorOf(() => tensor([[1, 2], 3])).message,
    /ragged data: expected 2 elements at depth 1, got number/,
  );
  assert.match(
    errorOf(() => tensor(["1" as unknown as NestedNumbers])).message,
    /expected a number at depth 1, got "1"/,
  );
  assert.match(errorOf(() => tensor([1, [2]])).message, /expected a number at depth 1/);
});

test("numbers that are not whole where an integer is wanted", () => {
  const error = errorOf(() => operator("aten::transpose.int")(matrix(), 0.5, 1));
  assert.match(error.message, /^aten::transpose.int: dim0: expected a whole number, got 0.5/);
  assert.match(errorOf(() => operator("aten::transpose.int")(matrix(), 2 ** 60, 1)).message, /whole number/);
});

test("errors inside LibTorch leave nothing behind", () => {
  for (let round = 0; round < 3; round++) errorOf(() => matrix().mm(matrix()));
  assert.equal(
    scope(() => matrix().sum().item()),
    6,
  );
});

test("item() of several elements, views of other layouts, memory of the wrong size", () => {
  assert.match(
    errorOf(() => matrix().item()).message,
    /item\(\) needs a tensor of one element, this one is float32 \[1, 3\]/,
  );
  assert.match(errorOf(() => matrix().expand(2, 3).viewTypedArray()).message, /contiguous CPU tensor/);
});
