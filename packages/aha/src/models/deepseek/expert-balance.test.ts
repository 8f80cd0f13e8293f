/** Load balancing: bias changes, metrics, the sequence-wise loss against PyTorch, and routing that follows the bias. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fromTypedArray, indices, scope, tensor } from "@aha/torch";
import { closeTo } from "../../../test/helpers/close-to.ts";
import { frozenDeepseek, openDeepseek } from "../../../test/helpers/deepseek-fixtures.ts";
import { packSequences } from "../ragged-batch.ts";
import { correctionsOf } from "./deepseek-weights.ts";
import { biasChanges, ExpertBalance, expertLoad } from "./expert-balance.ts";
import { groupByExpert } from "./experts.ts";
import { type SequenceSpans, sequenceBalanceLoss, withAddedLoss } from "./sequence-balance.ts";

test("the biases of overloaded experts fall and of underloaded ones rise by the step", () => {
  assert.deepEqual([...biasChanges([6, 2, 4, 4], 0.5)], [-0.5, 0.5, 0, 0]);
  assert.deepEqual(expertLoad([5, 5, 5, 5]), { maximumOverMean: 1, evenness: 1 });
  assert.deepEqual(expertLoad([20, 0, 0, 0]), { maximumOverMean: 4, evenness: 0 });
  assert.deepEqual(expertLoad([0, 0]), { maximumOverMean: 1, evenness: 1 });
});

test("counting takes sequences' rows only, and biases move once, where the step was applied", () => {
  scope(() => {
    const correction = tensor([0, 0, 0, 0]);
    const balance = new ExpertBalance([correction], { biasStep: 0.25, lossWeight: 0.5 });
    const chosen = indices([0, 1, 0, 1, 0, 2, 3, 3], [4, 2]);
    balance.count(0, chosen, [[0, 4]]);
    balance.begin(4);
    assert.equal(balance.lossScale, 0.125);
    balance.count(0, chosen, [
      [0, 1],
      [1, 2],
    ]); // the last row is padding
    const [load] = balance.end(true);
    assert.equal(load?.maximumOverMean, 2); // 3 of 6 choices on one of four experts
    assert.deepEqual([...correction.toNumbers()], [-0.25, -0.25, 0.25, 0.25]);
    balance.begin(1);
    balance.count(0, chosen, [[0, 4]]);
    balance.end(false);
    assert.deepEqual([...correction.toNumbers()], [-0.25, -0.25, 0.25, 0.25]);
  });
});

test("the sequence-wise loss and its gradient equal PyTorch's, padding left out", () => {
  const { lengths, experts, chosen, scores, losses, gradient } = frozenDeepseek.balance;
  scope(() => {
    const rows = lengths.reduce((sum, length) => sum + length, 0);
    const padded = fromTypedArray(
      Float32Array.from([...scores, ...new Array<number>(2 * experts).fill(0.5)]),
      {
        shape: [rows + 2, experts],
      },
    ).requiresGrad_();
    let start = 0;
    const spans: SequenceSpans = lengths.map((length) => {
      start += length;
      return [start - length, length];
    });
    const loss = sequenceBalanceLoss(padded, chosen, spans);
    closeTo([loss.item()], [losses.reduce((sum, one) => sum + one, 0)], 1e-6, "loss");
    loss.backward();
    closeTo(padded.grad?.narrow(0, 0, rows).flatten().toNumbers() ?? [], gradient, 1e-6, "gradient");
    closeTo(
      padded.grad?.narrow(0, rows, 2).flatten().toNumbers() ?? [],
      new Array(2 * experts).fill(0),
      0,
      "padding",
    );
  });
});

test("an added loss changes gradients as if it stood in the sum, and no value", () => {
  scope(() => {
    const value = tensor([1, 2, 3]).requiresGrad_();
    const attached = withAddedLoss(value, value.square().sum());
    assert.deepEqual([...attached.toNumbers()], [1, 2, 3]);
    attached.mul(10).sum().backward();
    assert.deepEqual([...(value.grad?.toNumbers() ?? [])], [12, 14, 16]);
  });
});

test("choices are grouped by a stable sort, each expert's rows padded, each choice's row remembered", () => {
  const chosen = BigInt64Array.from([2n, 0n, 2n, 3n, 0n, 2n]); // 3 tokens with 2 experts each
  const { tokens, rows, spans } = groupByExpert(chosen, 4, 2, (count) => Math.ceil(count / 2) * 2);
  assert.deepEqual(spans, [
    { expert: 0, start: 0, length: 2 },
    { expert: 2, start: 2, length: 4 },
    { expert: 3, start: 6, length: 2 },
  ]);
  assert.deepEqual([...tokens].map(Number), [0, 2, 0, 1, 2, 0, 1, 0]);
  assert.deepEqual([...rows].map(Number), [2, 0, 3, 6, 1, 4]);
});

for (const recompute of [false, true]) {
  test(`during an update a model counts every choice${recompute ? ", activations recomputed" : ""}; repeated steps even a skewed load out`, () => {
    const model = openDeepseek("deepseek").trainable();
    model.recomputeActivations = recompute;
    model.balance.options = { biasStep: 0.05, lossWeight: 0 };
    const corrections = correctionsOf(model.weights);
    for (const correction of corrections) correction.fill_(0).narrow(0, 0, 1).fill_(5);
    const sequence = Array.from({ length: 40 }, (_, index) => (index * 13 + 5) % 64);
    const worst: number[] = [];
    for (let step = 0; step < 140; step++) {
      model.balance.begin(1);
      scope(() => void model.hidden(packSequences([sequence])));
      worst.push(Math.max(...model.balance.end(true).map(({ maximumOverMean }) => maximumOverMean)));
    }
    const [first = 0] = worst;
    assert.ok(first > 2.6, `expert 0 is chosen by every token at first: ${first}`);
    const last = Math.min(...worst.slice(-10));
    assert.ok(last < first - 0.8, `${first} came down to ${last}`);
    assert.ok(corrections.every(({ requiresGrad }) => !requiresGrad));
    model.dispose();
  });

  test(`the sequence-wise loss reaches the routers' gradients${recompute ? ", activations recomputed" : ""}`, () => {
    const gradientWith = (lossWeight: number): number[] => {
      const model = openDeepseek("deepseek").trainable();
      model.recomputeActivations = recompute;
      model.balance.options = { biasStep: 0, lossWeight };
      model.balance.begin(2);
      scope(() =>
        model
          .hidden(
            packSequences([
              [1, 2, 3, 4, 5],
              [9, 8, 7],
            ]),
          )
          .sum()
          .mul(1e-3)
          .backward(),
      );
      model.balance.end(true);
      const layer = model.weights.layers[2]?.feedForward;
      const router = layer !== undefined && "router" in layer ? layer.router : null;
      const gradient = [...(router?.grad?.toNumbers() ?? [])];
      model.dispose();
      return gradient;
    };
    const [none, some, twice] = [gradientWith(0), gradientWith(1), gradientWith(2)];
    const added = some.map((value, index) => value - (none[index] as number));
    assert.ok(Math.hypot(...added) > 1e-3);
    closeTo(
      twice.map((value, index) => value - (none[index] as number)),
      added.map((value) => 2 * value),
      1e-5,
      "twice",
    );
  });
}
