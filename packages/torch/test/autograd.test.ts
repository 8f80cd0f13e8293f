/** Autograd: gradients of leaves and of chosen inputs, modes, higher derivatives. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  enableGrad,
  grad,
  inferenceMode,
  noGrad,
  scope,
  type Tensor,
  TorchError,
  tensor,
} from "../src/index.ts";

const within = (name: string, body: () => void): void => {
  test(name, () => scope(body));
};
const gradientOf = (x: Tensor): unknown => x.grad?.toArray() ?? null;
const leaf = (...values: number[]): Tensor => tensor(values, { dtype: "float64", requiresGrad: true });

within("backward accumulates into leaves until they are cleared", () => {
  const x = leaf(1, 2, 3);
  assert.equal(gradientOf(x), null);
  x.mul(x).sum().backward();
  assert.deepEqual(gradientOf(x), [2, 4, 6]);
  x.sum().backward();
  assert.deepEqual(gradientOf(x), [3, 5, 7]);
  x.grad = null;
  assert.equal(gradientOf(x), null);
  x.grad = tensor([1, 1, 1], { dtype: "float64" });
  assert.deepEqual(gradientOf(x), [1, 1, 1]);
});

within("backward takes a gradient for tensors of several elements, and says so when it is missing", () => {
  const x = leaf(1, 2);
  const y = x.mul(3);
  assert.throws(() => y.backward(), /scalar outputs/);
  y.backward(tensor([1, 10], { dtype: "float64" }));
  assert.deepEqual(gradientOf(x), [3, 30]);
  assert.throws(() => tensor([1]).backward(), /does not require grad/);
});

within("backward into some leaves only", () => {
  const [x, y] = [leaf(2), leaf(5)];
  x.mul(y).backward(null, { inputs: [y] });
  assert.equal(gradientOf(x), null);
  assert.deepEqual(y.grad?.toArray(), [2]);
});

within("grad of a subset of the inputs, without touching grad", () => {
  const [x, y] = [leaf(2), leaf(5)];
  const [dy] = grad(x.mul(y), [y]);
  assert.deepEqual(dy?.toArray(), [2]);
  assert.equal(y.grad, null);
  const hidden = x.mul(3);
  assert.deepEqual(grad(hidden.mul(hidden), [hidden])[0]?.toArray(), [12], "of a tensor inside the graph");
});

within("unused inputs are an error unless allowed", () => {
  const [x, y] = [leaf(2), leaf(5)];
  assert.throws(
    () => grad(x.mul(2), [x, y]),
    (error) => error instanceof TorchError && /unused|allow_unused/i.test(error.message),
  );
  const [dx, dy] = grad(x.mul(2), [x, y], { allowUnused: true });
  assert.deepEqual(dx?.toArray(), [2]);
  assert.equal(dy, null);
});

within("several outputs with their gradients", () => {
  const x = leaf(2);
  const gradOutputs = [tensor([10], { dtype: "float64" }), null];
  const [dx] = grad([x.mul(x), x.mul(3)], [x], { gradOutputs });
  assert.deepEqual(dx?.toArray(), [43]);
});

within("createGraph gives second derivatives", () => {
  const x = leaf(2);
  const [first] = grad(x.pow(3), [x], { createGraph: true });
  const [second] = grad(first as Tensor, [x], { createGraph: true });
  const [third] = grad(second as Tensor, [x]);
  assert.deepEqual([first?.item(), second?.item(), third?.item()], [12, 12, 6]);
});

within("a second backward needs retainGraph", () => {
  const x = leaf(2);
  const y = x.exp();
  y.backward(null, { retainGraph: true });
  y.backward();
  assert.throws(() => y.backward(), /second time|retain_graph/);
});

within("noGrad, enableGrad and their nesting", () => {
  const x = leaf(1);
  assert.ok(x.mul(2).requiresGrad);
  noGrad(() => {
    assert.ok(!x.mul(2).requiresGrad);
    enableGrad(() => {
      assert.ok(x.mul(2).requiresGrad);
      noGrad(() => assert.ok(!x.mul(2).requiresGrad));
      assert.ok(x.mul(2).requiresGrad);
    });
    assert.ok(!x.mul(2).requiresGrad);
  });
  assert.ok(x.mul(2).requiresGrad);
  assert.throws(() =>
    noGrad(() => {
      throw new Error("inside");
    }),
  );
  assert.ok(x.mul(2).requiresGrad, "a throw leaves the mode as it was");
});

within("inferenceMode's tensors stay out of autograd", () => {
  const x = leaf(1);
  const made = inferenceMode(() => inferenceMode(() => x.mul(2)));
  assert.ok(!made.requiresGrad);
  assert.throws(() => x.mul(made).sum().backward(), /[Ii]nference/);
  assert.throws(() =>
    inferenceMode(() => {
      throw new Error("inside");
    }),
  );
  assert.ok(x.mul(2).requiresGrad);
});

within("modes refuse promises", () => {
  for (const mode of [noGrad, enableGrad, inferenceMode]) {
    assert.throws(
      () => mode(async () => 1),
      (error) => error instanceof TorchError && /synchronous/.test(error.message),
    );
  }
  assert.throws(() =>
    noGrad(async () => {
      throw new Error("does not go unhandled");
    }),
  );
});

within("leaves, history, detach, in-place on a leaf", () => {
  const x = leaf(1, 2);
  const y = x.mul(2);
  assert.ok(x.isLeaf && !y.isLeaf);
  assert.equal(x.gradFunction, null);
  assert.match(y.gradFunction ?? "", /^MulBackward/);
  assert.ok(!y.detach().requiresGrad);
  assert.throws(() => x.add_(1), /leaf Variable/);
  noGrad(() => x.add_(1));
  assert.deepEqual(x.detach().toArray(), [2, 3]);
  assert.ok(tensor([1]).requiresGrad_().requiresGrad);
  assert.throws(() => tensor([1], { dtype: "int64", requiresGrad: true }), /floating point/);
});

within("setData swaps the memory behind a parameter", () => {
  const x = leaf(1, 2);
  x.setData(tensor([5, 6], { dtype: "float64" }));
  assert.ok(x.requiresGrad);
  assert.deepEqual(x.detach().toArray(), [5, 6]);
});
