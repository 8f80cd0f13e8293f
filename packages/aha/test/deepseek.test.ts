/** DeepSeek-V3 against transformers: logits, losses, every gradient, the prediction module, and folders both ways. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { indices, liveTensors, noGrad, scope, type Tensor } from "@aha/torch";
import { deepseekParts } from "../src/models/deepseek/deepseek-parts.ts";
import type { DeepseekV3 } from "../src/models/deepseek/deepseek-v3.ts";
import { packSegments, packSequences, type RaggedBatch } from "../src/models/ragged-batch.ts";
import { closeTo } from "./helpers/close-to.ts";
import {
  type FrozenDeepseek,
  type FrozenGradient,
  frozenDeepseek,
  nextTokens,
  openDeepseek,
} from "./helpers/deepseek-fixtures.ts";

/** Mean negative log-probability of the token `distance` after each row, over rows that have one. */
function meanLoss(
  model: DeepseekV3,
  batch: RaggedBatch,
  hidden: Tensor,
  inputs: readonly (readonly number[])[],
  distance: number,
): Tensor {
  const sources: number[] = [];
  const targets: number[] = [];
  inputs.forEach((ids, index) => {
    for (let place = distance; place < ids.length; place++) {
      sources.push((batch.starts[index] as number) + place - distance);
      targets.push(ids[place] as number);
    }
  });
  const logits = model.logits(hidden.indexSelect(0, indices(sources)));
  return logits.logSoftmax(1).gather(1, indices(targets).unsqueeze(1)).mean().neg();
}

function checkGradients(
  model: DeepseekV3,
  expected: Readonly<Record<string, FrozenGradient>>,
  withPrediction: boolean,
): void {
  const prediction = `model.layers.${model.config.layers}.`;
  for (const { name, tensor, start, length } of deepseekParts(model.config, model.weights)) {
    if (name.endsWith("correction_bias") || (name.startsWith(prediction) && !withPrediction)) {
      assert.equal(tensor.grad, null, `${name} has no gradient`);
      continue;
    }
    const whole = tensor.grad ?? assert.fail(`${name} has no gradient`);
    const gradient = whole
      .reshape(-1, ...(tensor.dimensions === 1 ? [] : [tensor.size(-1)]))
      .narrow(0, start, length)
      .flatten();
    const wanted = expected[name] ?? assert.fail(`no frozen gradient of ${name}`);
    closeTo([gradient.norm().item()], [wanted.norm], 1e-4, `${name} gradient norm`);
    if (wanted.values !== undefined) closeTo(gradient.toNumbers(), wanted.values, 2e-5, name);
    if (wanted.everyStep !== undefined) {
      closeTo(gradient.slice(0, 0, null, wanted.step ?? 1).toNumbers(), wanted.everyStep, 2e-5, name);
    }
  }
}

for (const [name, expected] of Object.entries(frozenDeepseek.models) as [string, FrozenDeepseek][]) {
  const inputs = expected.cases.map(({ inputIds }) => inputIds);

  test(`${name}: logits of unequal lengths in one ragged batch equal transformers'`, () => {
    const model = openDeepseek(name);
    scope(() =>
      noGrad(() => {
        const batch = packSequences(inputs);
        const logits = model.logits(model.hidden(batch));
        expected.cases.forEach((one, index) => {
          const rows = logits.narrow(0, batch.starts[index] as number, one.inputIds.length);
          closeTo(rows.toNumbers(), one.logits, 2e-5, `case ${index} logits`);
          const scored = rows
            .narrow(0, 0, one.inputIds.length - 1)
            .logSoftmax(1)
            .gather(1, indices(one.inputIds.slice(1)).unsqueeze(1));
          closeTo(scored.toNumbers(), one.logProbabilities, 2e-5, `case ${index} log-probabilities`);
        });
      }),
    );
    model.dispose();
  });

  for (const recompute of [false, true]) {
    test(`${name}: mean loss and every gradient equal transformers'${recompute ? ", activations recomputed" : ""}`, () => {
      const before = liveTensors();
      const model = openDeepseek(name).trainable();
      model.recomputeActivations = recompute;
      scope(() => {
        const batch = packSequences(inputs);
        const loss = meanLoss(model, batch, model.hidden(batch), inputs, 1);
        closeTo([loss.item()], [expected.meanLoss], 1e-5, "loss");
        loss.backward();
        checkGradients(model, expected.gradients, false);
      });
      model.dispose();
      assert.equal(liveTensors(), before, "nothing is left alive");
    });
  }

  test(`${name}: a continuation behind a shared prompt computes what the whole sequence does`, () => {
    const model = openDeepseek(name);
    scope(() =>
      noGrad(() => {
        const [whole] = expected.cases.slice(-1).map(({ inputIds }) => inputIds) as [readonly number[]];
        const batch = packSegments([
          { tokenIds: whole.slice(0, 15), firstPosition: 0, prefix: null },
          { tokenIds: [1, 2, 3], firstPosition: 15, prefix: 0 },
          { tokenIds: whole.slice(15), firstPosition: 15, prefix: 0 },
        ]);
        const logits = model.logits(model.hidden(batch));
        const rows = logits.narrow(0, batch.starts[2] as number, whole.length - 15);
        closeTo(rows.toNumbers(), (expected.cases.at(-1)?.logits ?? []).slice(15 * 64), 2e-5, "logits");
      }),
    );
    model.dispose();
  });

  if (expected.jointGradients === undefined) continue;
  const joint = expected.jointGradients;
  test(`${name}: the prediction module's logits, loss and all gradients equal transformers'`, () => {
    const model = openDeepseek(name).trainable();
    scope(() => {
      const batch = packSequences(inputs);
      const hidden = model.hidden(batch);
      const ahead = model.predictAhead(batch, hidden, nextTokens(batch, inputs));
      noGrad(() => {
        const logits = model.logits(ahead);
        expected.cases.forEach((one, index) => {
          const rows = logits.narrow(0, batch.starts[index] as number, one.inputIds.length - 1);
          closeTo(rows.toNumbers(), one.aheadLogits ?? [], 2e-5, `case ${index} logits`);
        });
      });
      const further = meanLoss(model, batch, ahead, inputs, 2);
      closeTo([further.item()], [expected.aheadLoss ?? Number.NaN], 1e-5, "loss");
      meanLoss(model, batch, hidden, inputs, 1).add(further.mul(0.3)).backward();
      checkGradients(model, joint, true);
    });
    model.dispose();
  });
}
