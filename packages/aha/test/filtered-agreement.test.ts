/** Where the sampler filters, the trainer scores the filtered distribution: same log-probabilities, right gradients. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { generator, grad, indices, liveTensors, noGrad, scope, tensor, torch } from "@aha/torch";
import { filteredLogProbabilities } from "../src/models/filtered-log-probabilities.ts";
import { Decoder } from "../src/rollout/decoder.ts";
import { deriveSeed } from "../src/rollout/seeds.ts";
import { packMicroBatch, scoreMicroBatch } from "../src/training/micro-batch.ts";
import { tinyModel } from "./helpers/tiny-model.ts";

const prompt = [300, 4, 17, 250];
const cases = [
  { temperature: 1, topP: 0.8, topK: 0, minP: 0 },
  { temperature: 0.7, topP: 1, topK: 7, minP: 0 },
  { temperature: 1.3, topP: 1, topK: 0, minP: 0.1 },
  { temperature: 1, topP: 0.9, topK: 40, minP: 0.02 },
];

for (const filters of cases) {
  test(`sampler and trainer agree under ${JSON.stringify(filters)}`, () => {
    const before = liveTensors();
    const model = tinyModel();
    const seeds = Array.from({ length: 12 }, (_, sample) => deriveSeed(3, sample));
    const decoder = new Decoder(model, [{ promptTokenIds: prompt, seeds }], {
      ...filters,
      maxNewTokens: 12,
      eosTokenIds: new Set([0]),
      capacity: 12,
    });
    const sampled = [];
    while (!decoder.finished) sampled.push(...decoder.step());
    const sequences = sampled.map(({ tokenIds, logProbabilities }) => ({
      group: 0,
      promptTokenIds: prompt,
      tokenIds,
      oldLogProbabilities: logProbabilities,
      advantage: 1,
      scored: true,
    }));
    const scored = scope(() =>
      noGrad(() =>
        scoreMicroBatch(
          model,
          packMicroBatch(sequences, model),
          filters.temperature,
          filters,
        ).logProbabilities.toNumbers(),
      ),
    );
    const expected = sequences.flatMap(({ oldLogProbabilities }) => [...oldLogProbabilities]);
    assert.equal(scored.length, expected.length);
    scored.forEach((value, index) => {
      assert.ok(
        Math.abs(value - (expected[index] as number)) < 2e-5,
        `${index}: ${value}, sampled at ${expected[index]}`,
      );
    });
    model.dispose();
    assert.equal(liveTensors(), before);
  });
}

test("the gradient is the plain computation's, through every chunk", () => {
  scope(() => {
    const random = generator(5);
    // A vocabulary so large that each chunk holds two of the five rows.
    const [vocabulary, width, rows] = [2_000_000, 2, 5];
    const hidden = torch.randn([rows, width], { generator: random }).requiresGrad_();
    const head = torch.randn([vocabulary, width], { generator: random }).requiresGrad_();
    const targets = indices([3, 1, 4, 1, 5]);
    const options = { temperature: 0.9, topK: 3, topP: 1, minP: 0 };
    const weights = tensor([1, -2, 0.5, 3, 1]);
    const { logProbabilities } = filteredLogProbabilities(hidden, head, targets, options);
    const [forHidden, forHead] = grad(logProbabilities.mul(weights).sum(), [hidden, head]);
    const logits = hidden.matmul(head.t()).div(options.temperature);
    const [values, best] = logits.detach().topk(3);
    assert.equal(values.size(1), 3);
    const kept = torch
      .zerosLike(logits, { dtype: "bool" })
      .scatter(1, best, true)
      .scatter(1, targets.unsqueeze(1), true);
    const plain = logits.maskedFill(kept.logicalNot(), Number.NEGATIVE_INFINITY).logSoftmax(1);
    const chosen = plain.gather(1, targets.unsqueeze(1)).squeeze(1);
    assert.ok(chosen.allclose(logProbabilities, 1e-5, 1e-5));
    const [plainHidden, plainHead] = grad(chosen.mul(weights).sum(), [hidden, head]);
    assert.ok(forHidden?.allclose(plainHidden as typeof forHidden, 1e-4, 1e-5));
    assert.ok(forHead?.allclose(plainHead as typeof forHead, 1e-4, 1e-5));
  });
});
