/** Explicit generators: the same numbers as torch.Generator gives for the same seed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { generator, manualSeed, scope, tensor, torch } from "../src/index.ts";

const within = (name: string, body: () => void): void => {
  test(name, () => scope(body));
};

within("PyTorch's first numbers of a seed", () => {
  // torch.Generator().manual_seed(seed) in PyTorch 2.13, CPU.
  assert.deepEqual(
    torch.randn([4], { generator: generator(1234) }).toArray(),
    [0.0461304634809494, 0.4024028182029724, -1.0115290880203247, 0.2167382389307022],
  );
  assert.deepEqual(
    torch.rand([4], { generator: generator(1234) }).toArray(),
    [0.028979241847991943, 0.4018985629081726, 0.25984418392181396, 0.3666413426399231],
  );
  assert.deepEqual(
    torch.randint(1000, [6], { generator: generator(7) }).toArray(),
    [615, 892, 721, 286, 283, 347],
  );
});

within("a seed above 32 bits, one stream through several operators", () => {
  const stream = generator(2n ** 40n + 3n);
  const first = torch.randn([18], { generator: stream, dtype: "float64" }).toNumbers();
  assert.deepEqual(
    [...first.subarray(0, 3)],
    [-0.21774879177876416, 0.1466771298110492, -2.2236365609620106],
  );
  assert.deepEqual(torch.randperm(6, { generator: stream }).toArray(), [1, 0, 2, 5, 3, 4]);
  const weights = tensor([0.1, 0.2, 0.7]);
  assert.deepEqual(weights.multinomial(5, true, { generator: stream }).toArray(), [0, 2, 2, 2, 2]);
});

within("seed() starts again, state() and restore() go on where it was", () => {
  const stream = generator(5);
  const draw = (): unknown => torch.rand([3], { generator: stream }).toArray();
  const first = draw();
  const state = stream.state();
  const second = draw();
  assert.notDeepEqual(first, second);
  stream.restore(state);
  assert.deepEqual(draw(), second);
  stream.seed(5);
  assert.deepEqual(draw(), first);
  const other = generator(99);
  other.restore(state);
  assert.deepEqual(torch.rand([3], { generator: other }).toArray(), second);
});

within("generators do not disturb each other, nor the default one", () => {
  manualSeed(3);
  const alone = torch.rand([2]).toArray();
  manualSeed(3);
  torch.rand([5], { generator: generator(1) });
  assert.deepEqual(torch.rand([2]).toArray(), alone);
});

within("in-place sampling and dropout-like masks take a generator", () => {
  const draw = (): unknown =>
    torch
      .zeros([6])
      .uniform_(0, 1, { generator: generator(8) })
      .toArray();
  assert.deepEqual(draw(), draw());
  const mask = torch.zeros([1000]).bernoulli_(0.25, { generator: generator(8) });
  assert.ok(Math.abs(mask.mean().item() - 0.25) < 0.05);
});

within("a state that is none is refused", () => {
  assert.throws(() => generator(1).restore(tensor([1, 2, 3], { dtype: "uint8" })), /state/i);
  assert.throws(() => generator(1.5), /whole number/);
});
