/** Generalised advantages against the defining double sum, at λ 0, 1 and between; whitening; PPO's rewards by token. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { scope, tensor } from "@aha/torch";
import { generalisedAdvantages, whitened } from "./gae.ts";
import { tokenRewards } from "./token-rewards.ts";
import { valueLoss } from "./value-loss.ts";

const rewards = [0.1, -0.4, 0, 2, -0.05, 1];
const values = [0.3, 0.2, -0.5, 1.1, 0.9, 0.4];

/** A_t = Σ_k (γλ)^k (r_{t+k} + γ V_{t+k+1} − V_{t+k}), V = 0 behind the end, as it is written. */
function bySum(discount: number, lambda: number): number[] {
  return rewards.map((_, t) => {
    let sum = 0;
    for (let k = 0; t + k < rewards.length; k++) {
      const error = (rewards[t + k] ?? 0) + discount * (values[t + k + 1] ?? 0) - (values[t + k] ?? 0);
      sum += (discount * lambda) ** k * error;
    }
    return sum;
  });
}

function close(actual: ArrayLike<number>, expected: readonly number[], what: string): void {
  assert.equal(actual.length, expected.length, what);
  expected.forEach((value, index) => {
    const found = actual[index] as number;
    assert.ok(Math.abs(found - value) < 1e-6, `${what}[${index}]: ${found}, expected ${value}`);
  });
}

test("advantages are the discounted sum of errors, for every γ and λ", () => {
  for (const discount of [1, 0.9, 0]) {
    for (const lambda of [0, 0.5, 0.95, 1]) {
      const { advantages, returns } = generalisedAdvantages(rewards, values, { discount, lambda });
      const expected = bySum(discount, lambda);
      close(advantages, expected, `γ ${discount} λ ${lambda}`);
      close(
        returns,
        expected.map((advantage, index) => advantage + (values[index] as number)),
        `returns at γ ${discount} λ ${lambda}`,
      );
    }
  }
});

test("λ 1 is the return less the value, whatever the values ahead; λ 0 the one-step error", () => {
  const { returns } = generalisedAdvantages(rewards, values, { discount: 1, lambda: 1 });
  close(returns, [2.65, 2.55, 2.95, 2.95, 0.95, 1], "sums of the rewards to come");
  const { advantages } = generalisedAdvantages(rewards, values, { discount: 1, lambda: 0 });
  close(advantages, [0, -1.1, 1.6, 1.8, -0.55, 0.6], "errors");
});

test("empty completions have no advantages; unequal numbers are refused", () => {
  assert.equal(generalisedAdvantages([], [], { discount: 1, lambda: 1 }).advantages.length, 0);
  assert.throws(
    () => generalisedAdvantages([1], [1, 2], { discount: 1, lambda: 1 }),
    /value for each of 1 rewards, got 2/,
  );
});

test("whitening is over all tokens together; all equal gives 0", () => {
  const found = whitened([Float32Array.from([1, 2]), Float32Array.from([3, 4, 5])]);
  const deviation = Math.sqrt(2.5);
  close(
    found.flatMap((part) => [...part]),
    [-2, -1, 0, 1, 2].map((value) => value / deviation),
    "whitened",
  );
  assert.deepEqual(
    found.map(({ length }) => length),
    [2, 3],
  );
  assert.deepEqual([...(whitened([Float32Array.from([7, 7])])[0] ?? [])], [0, 0]);
});

test("the reward stands at the last token, the KL penalty at each", () => {
  close(tokenRewards(2, [-1, -2, -3], [-1.5, -2, -2], 0.1), [-0.05, 0, 2.1], "with a reference");
  close(tokenRewards(2, [-1, -2], null, 0.1), [0, 2], "without one");
  assert.equal(tokenRewards(2, [], null, 0.1).length, 0);
});

test("the value loss, plain and clipped, with its gradient", () => {
  const [found, old, returns, weights] = [
    [1, 0.5, -1, 2],
    [0.5, 0.4, 0, 2.5],
    [1.2, 0, 1, 2],
    [0.25, 0.5, 1, 2],
  ] as const;
  const gradientOf = (clip: number | null): { loss: number; gradient: number[]; clipped: number } =>
    scope(() => {
      const predicted = tensor([...found], { requiresGrad: true });
      const place = (numbers: readonly number[]) => tensor([...numbers]);
      const input = { values: predicted, old: place(old), returns: place(returns), weights: place(weights) };
      const { loss, clipped } = valueLoss(input, clip);
      loss.backward();
      return { loss: loss.item(), gradient: [...(predicted.grad?.toNumbers() ?? [])], clipped };
    });
  const plain = gradientOf(null);
  close([plain.loss], [0.5 * (0.25 * 0.04 + 0.5 * 0.25 + 4)], "plain loss");
  close(plain.gradient, [0.25 * -0.2, 0.5 * 0.5, -2, 0], "plain gradient");
  // ε 0.2: 0.7, 0.5, −0.2, 2.3; the larger error counts, and a value held back by the clip has no gradient.
  const clipped = gradientOf(0.2);
  close([clipped.loss], [0.5 * (0.25 * 0.25 + 0.5 * 0.25 + 4 + 2 * 0.09)], "clipped loss");
  close(clipped.gradient, [0, 0.25, -2, 0], "clipped gradient");
  assert.equal(clipped.clipped, 2);
});
