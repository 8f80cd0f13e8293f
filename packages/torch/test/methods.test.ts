/** The friendly front: methods and the torch namespace, with overloads chosen as PyTorch's Python front end does. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { generator, scope, type Tensor, TorchError, tensor, torch } from "../src/index.ts";

const matrix = (): Tensor =>
  tensor([
    [1, 2, 3],
    [4, 5, 6],
  ]);
const within = (name: string, body: () => void): void => {
  test(name, () => scope(body));
};

within("keyword arguments go in a trailing object", () => {
  const x = matrix();
  assert.deepEqual(x.sum(-1, { keepdim: true }).toArray(), [[6], [15]]);
  assert.deepEqual(x.sum(-1, true).toArray(), [[6], [15]]);
  assert.deepEqual(x.sum([0, 1], { dtype: "float64" }).dtype, "float64");
  assert.deepEqual(x.add(x, { alpha: 2 }).toArray(), [
    [3, 6, 9],
    [12, 15, 18],
  ]);
  assert.deepEqual(x.topk(1, { largest: false })[0].toArray(), [[1], [4]]);
  assert.deepEqual(x.div(2, { roundingMode: "floor" }).toArray(), [
    [0, 1, 1],
    [2, 2, 3],
  ]);
});

within("the overload is chosen by what is given", () => {
  const x = matrix();
  assert.equal(x.sum().item(), 21);
  assert.equal(x.max().item(), 6);
  const [values, positions] = x.max(1);
  assert.deepEqual([values.toArray(), positions.toArray(), positions.dtype], [[3, 6], [2, 2], "int64"]);
  assert.deepEqual(x.max(x.neg()).toArray(), x.toArray());
  assert.deepEqual(x.add(1).toArray(), [
    [2, 3, 4],
    [5, 6, 7],
  ]);
  assert.deepEqual(x.pow(2).sum().item(), 91);
  assert.deepEqual(torch.pow(2, tensor([1, 2, 3])).toArray(), [2, 4, 8]);
  assert.deepEqual(x.eq(x).all().item(), 1);
  assert.deepEqual(x.mean([1]).toArray(), [2, 5]);
  assert.equal(x.to("int64").mul(2).dtype, "int64");
  assert.equal(x.to("int64").mul(2.5).dtype, "float32");
  assert.deepEqual(x.where(x.gt(2), tensor(0)).toArray(), [
    [0, 0, 3],
    [4, 5, 6],
  ]);
});

within("functions of the torch namespace", () => {
  assert.deepEqual(torch.arange(4).dtype, "int64");
  assert.deepEqual(torch.arange(1, 2, 0.5, { dtype: "float32" }).toArray(), [1, 1.5]);
  assert.deepEqual(torch.zeros([2, 0]).shape, [2, 0]);
  assert.deepEqual(torch.full([2], 7).toArray(), [7, 7]);
  assert.deepEqual(torch.cat([matrix(), matrix()], 1).shape, [2, 6]);
  assert.deepEqual(torch.stack([tensor([1]), tensor([2])]).toArray(), [[1], [2]]);
  assert.deepEqual(torch.einsum("ij,ij->i", [matrix(), matrix()]).toArray(), [14, 77]);
  assert.deepEqual(torch.randn([2, 3], { generator: generator(1), dtype: "float64" }).dtype, "float64");
  assert.deepEqual(torch.linspace(0, 1, 3).toArray(), [0, 0.5, 1]);
});

within("in place", () => {
  const x = matrix();
  const result = x.mul_(2).add_(1);
  assert.ok(result.sharesMemoryWith(x));
  assert.deepEqual(x.toArray(), [
    [3, 5, 7],
    [9, 11, 13],
  ]);
  x.zero_();
  assert.equal(x.sum().item(), 0);
  x.copy_(matrix().neg());
  assert.equal(x.sum().item(), -21);
});

within("shapes given one by one or as an array", () => {
  const x = matrix();
  assert.deepEqual(x.view(3, 2).shape, [3, 2]);
  assert.deepEqual(x.view([3, -1]).shape, [3, 2]);
  assert.deepEqual(x.reshape(6).shape, [6]);
  assert.deepEqual(x.permute(1, 0).toArray(), [
    [1, 4],
    [2, 5],
    [3, 6],
  ]);
  assert.deepEqual(x.reshape(1, 6).expand(4, -1).shape, [4, 6]);
  assert.deepEqual(x.repeat(2, 1).shape, [4, 3]);
  assert.deepEqual(x.t().contiguous().view(-1).toArray(), [1, 4, 2, 5, 3, 6]);
  assert.equal(x.viewAs("int32").dtype, "int32");
  assert.deepEqual([x.size(-1), x.dimensions, x.elementCount, x.strides], [3, 2, 6, [3, 1]]);
  assert.throws(() => x.size(2), /2 dimensions: float32 \[2, 3\]/);
});

within("get and put_ index as Python's brackets do", () => {
  const x = matrix();
  const rows = tensor([1, 0, 1], { dtype: "int64" });
  assert.deepEqual(x.get(1).toArray(), [4, 5, 6]);
  assert.equal(x.get(1, -1).item(), 6);
  assert.deepEqual(x.get(null, 1).toArray(), [2, 5]);
  assert.deepEqual(x.get(rows).shape, [3, 3]);
  assert.deepEqual(x.get(null, rows).toArray(), [
    [2, 1, 2],
    [5, 4, 5],
  ]);
  assert.deepEqual(x.get(x.gt(4)).toArray(), [5, 6]);
  assert.deepEqual(x.get(0, tensor([2, 0], { dtype: "int64" })).toArray(), [3, 1]);
  x.put_([0, 2], 9);
  x.put_([null, 0], tensor([7, 8]));
  x.put_([x.gt(8)], -1);
  assert.deepEqual(x.toArray(), [
    [7, 2, -1],
    [8, 5, 6],
  ]);
  x.put_([1], tensor([1, 1, 1]));
  assert.deepEqual(x.get(1).toArray(), [1, 1, 1]);
  x.put_([], 0);
  assert.equal(x.sum().item(), 0);
});

within("put_ into a tensor without elements", () => {
  const empty = torch.zeros([0, 3]);
  empty.put_([], 1);
  assert.deepEqual(empty.shape, [0, 3]);
});

within("to() converts dtype and device, and copies only when it must", () => {
  const x = matrix();
  assert.equal(x.to("bfloat16").dtype, "bfloat16");
  assert.ok(x.to("float32").sharesMemoryWith(x));
  assert.ok(x.to("cpu").sharesMemoryWith(x));
  assert.ok(!x.to({ copy: true }).sharesMemoryWith(x));
  assert.equal(x.to({ dtype: "int32", device: "cpu" }).dtype, "int32");
  assert.throws(() => x.to("gpu"), TorchError);
});

within("methods keep their names in snake-case's camel form", () => {
  const x = matrix();
  assert.deepEqual(x.maskedFill(x.gt(3), 0).sum().item(), 6);
  assert.deepEqual(x.logSoftmax(-1).exp().sum().item().toFixed(4), "2.0000");
  assert.deepEqual(torch.oneHot(tensor([1], { dtype: "int64" }), 3).toArray(), [[0, 1, 0]]);
  assert.deepEqual(x.indexSelect(1, tensor([0], { dtype: "int64" })).toArray(), [[1], [4]]);
});

within("printing shows dtype, shape and few values", () => {
  assert.match(String(tensor([1, 2]).describe()), /^float32 \[2\]$/);
});
