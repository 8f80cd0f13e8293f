/** Recomputed activations: the same numbers to the bit, forward and backward, with less kept in between. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { liveTensors, noGrad, scope } from "@aha/torch";
import { packSequences } from "../src/models/ragged-batch.ts";
import { rowLogProbabilities } from "../src/models/token-log-probabilities.ts";
import { tinyModel } from "./helpers/tiny-model.ts";

const sequences = [
  [3, 1, 4, 1, 5, 9, 2, 6],
  [5, 3, 5],
  [8, 9, 7, 9, 3, 2, 3, 8, 4, 6],
];

/** Loss and every parameter's gradient of one pass. */
function pass(recompute: boolean): { loss: number; gradients: number[][] } {
  const model = tinyModel().trainable();
  model.recomputeActivations = recompute;
  const result = scope(() => {
    const batch = packSequences(sequences);
    const hidden = model.hidden(batch);
    const targets = sequences.flat();
    const sources = sequences.flatMap((sequence, index) =>
      sequence.map((_, offset) => (batch.starts[index] as number) + offset),
    );
    const { logProbabilities } = rowLogProbabilities(model, hidden, sources, targets);
    const loss = logProbabilities.mean().neg();
    loss.backward();
    return { loss: loss.item() };
  });
  const gradients = scope(() =>
    model.parameters().map((parameter) => [...(parameter.grad ?? assert.fail("no gradient")).toNumbers()]),
  );
  model.dispose();
  return { ...result, gradients };
}

test("loss and gradients are those of the plain pass, and nothing stays alive", () => {
  const before = liveTensors();
  const plain = pass(false);
  const again = pass(true);
  assert.equal(again.loss, plain.loss);
  assert.deepEqual(again.gradients, plain.gradients);
  assert.ok(plain.gradients.every((gradient) => gradient.some((value) => value !== 0)));
  assert.equal(liveTensors(), before);
});

test("without a graph nothing is recomputed", () => {
  const model = tinyModel().trainable();
  model.recomputeActivations = true;
  scope(() => {
    const hidden = noGrad(() => model.hidden(packSequences(sequences)));
    assert.equal(hidden.gradFunction, null);
  });
  model.dispose();
});
