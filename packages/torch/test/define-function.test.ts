/** Differentiable functions whose backward is written in TypeScript. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import {
  defineFunction,
  enableGrad,
  grad,
  liveTensors,
  noGrad,
  scope,
  type Tensor,
  tensor,
} from "../src/index.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

const within = (name: string, body: () => void): void => {
  test(name, () => {
    const before = liveTensors();
    scope(body);
    assert.equal(liveTensors(), before, "tensors left behind");
  });
};
const leaf = (...values: number[]): Tensor => tensor(values, { dtype: "float64", requiresGrad: true });

const cube = defineFunction<{ power: number }>({
  name: "Cube",
  forward(context, x) {
    context.save(x as Tensor);
    context.extra = { power: 3 };
    return (x as Tensor).pow(3);
  },
  backward([x], [gradient], extra) {
    return (gradient as Tensor).mul((x as Tensor).pow(2)).mul(extra?.power as number);
  },
});

within("forward and backward", () => {
  const x = leaf(1, 2);
  const [y] = cube(x.mul(1));
  assert.equal(y?.gradFunction, "Cube");
  y?.sum().backward();
  assert.deepEqual(x.grad?.toArray(), [3, 12]);
});

within("nothing is recorded where nothing asks for it", () => {
  assert.ok(!cube(tensor([1]))[0]?.requiresGrad);
  const x = leaf(1);
  assert.ok(!noGrad(() => cube(x))[0]?.requiresGrad);
});

const sumAndProduct = defineFunction({
  name: "SumAndProduct",
  forward(context, a, b) {
    context.save(a as Tensor, b as Tensor);
    return [(a as Tensor).add(b as Tensor), (a as Tensor).mul(b as Tensor)];
  },
  backward([a, b], [sum, product]) {
    const [s, p] = [sum as Tensor, product as Tensor];
    return [s.add(p.mul(b as Tensor)), s.add(p.mul(a as Tensor))];
  },
});

within("several outputs; an unused one has a gradient of zeros", () => {
  const [a, b] = [leaf(2), leaf(5)];
  const [sum, product] = sumAndProduct(a, b);
  const both = grad([sum as Tensor, product as Tensor], [a, b], { retainGraph: true });
  assert.deepEqual(
    both.map((item) => item.item()),
    [6, 3],
  );
  const one = grad([product as Tensor], [a, b]);
  assert.deepEqual(
    one.map((item) => item.item()),
    [5, 2],
  );
});

within("null for an input without gradient", () => {
  const first = defineFunction({
    name: "First",
    forward: (_, a) => (a as Tensor).clone(),
    backward: (_, [gradient]) => [gradient as Tensor, null],
  });
  const [a, b] = [leaf(2), leaf(5)];
  const [y] = first(a, b);
  const [da, db] = grad(y as Tensor, [a, b], { allowUnused: true });
  assert.equal(da?.item(), 1);
  assert.equal(db, null);
});

within("an exception inside backward arrives as itself", () => {
  class Mine extends Error {}
  const failing = defineFunction({
    name: "Failing",
    forward: (_, x) => (x as Tensor).clone(),
    backward: () => {
      throw new Mine("from backward");
    },
  });
  const x = leaf(1);
  const failure = (): void => failing(x)[0]?.mul(2).backward();
  assert.throws(failure, Mine);
  assert.throws(failure, Mine);
  x.mul(2).backward();
  assert.deepEqual(x.grad?.toArray(), [2], "autograd works on afterwards");
});

within("a LibTorch error inside backward names its operator", () => {
  const failing = defineFunction({
    name: "Failing",
    forward: (_, x) => (x as Tensor).clone(),
    backward: (_, [gradient]) => (gradient as Tensor).mm(gradient as Tensor),
  });
  assert.throws(() => failing(leaf(1))[0]?.backward(), /^TorchError: aten::mm/);
});

within("backward must answer for every input, with the input's shape", () => {
  const short = defineFunction({
    name: "Short",
    forward: (_, a, b) => (a as Tensor).add(b as Tensor),
    backward: (_, [gradient]) => [gradient as Tensor],
  });
  assert.throws(
    () => short(leaf(1), leaf(2))[0]?.backward(),
    /Short: backward must return one gradient .* 2 expected, got 1/,
  );
  const wide = defineFunction({
    name: "Wide",
    forward: (_, x) => (x as Tensor).clone(),
    backward: () => tensor([1, 2, 3], { dtype: "float64" }),
  });
  assert.throws(() => wide(leaf(1, 2))[0]?.sum().backward(), /shape/);
});

within("a second pass needs retainGraph", () => {
  const [y] = cube(leaf(2));
  y?.backward(null, { retainGraph: true });
  y?.backward();
  assert.throws(() => y?.backward(), /retainGraph|second time/);
});

within("forward that returns its input, and outputs of integers", () => {
  const positions = defineFunction({
    name: "Positions",
    forward: (_, x) => [x as Tensor, (x as Tensor).argsort()],
    backward: (_, [gradient]) => (gradient as Tensor).mul(2),
  });
  const x = leaf(3, 1, 2);
  const [same, order] = positions(x);
  assert.ok(!order?.requiresGrad);
  same?.sum().backward();
  assert.deepEqual(x.grad?.toArray(), [2, 2, 2]);
});

within("second derivatives through a backward that uses its saved inputs", () => {
  const x = leaf(2);
  const [first] = grad(cube(x)[0] as Tensor, [x], { createGraph: true });
  const [second] = grad(first as Tensor, [x]);
  assert.deepEqual([first?.item(), second?.item()], [12, 12]);
});

within("functions inside functions' backward", () => {
  const outer = defineFunction({
    name: "Outer",
    forward(context, x) {
      context.save(x as Tensor);
      return (x as Tensor).mul(1);
    },
    backward([x], [gradient]) {
      // Backward records no graph by itself unless its caller asked for one.
      return enableGrad(() => {
        const copy = (x as Tensor).detach().requiresGrad_();
        const [y] = cube(copy);
        return grad(y as Tensor, [copy], { gradOutputs: [gradient as Tensor] })[0] as Tensor;
      });
    },
  });
  const x = leaf(2);
  outer(x)[0]?.backward();
  assert.deepEqual(x.grad?.toArray(), [12]);
});

test("the graph frees what it saved, and backward's closure with it", async () => {
  const collected: string[] = [];
  const registry = new FinalizationRegistry<string>((name) => collected.push(name));
  const before = liveTensors();
  (() => {
    scope(() => {
      for (let round = 0; round < 5; round++) {
        const extra = { round };
        registry.register(extra, `extra ${round}`);
        const held = defineFunction<object>({
          name: "Held",
          forward(context, x) {
            context.save(x as Tensor);
            context.extra = extra;
            return (x as Tensor).clone();
          },
          backward: (_, [gradient]) => gradient as Tensor,
        });
        const [y] = held(leaf(1));
        if (round % 2 === 0) y?.backward();
      }
    });
  })();
  assert.equal(liveTensors(), before);
  for (let attempt = 0; attempt < 20 && collected.length < 5; attempt++) {
    collectGarbage();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.ok(collected.length >= 4, `${collected.length} of 5 closures were freed`);
});
