/** The whole update's gradient against a plain re-computation: packing, shared prompts, weights, clipping and KL. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { AdamW, type Dtype, liveTensors, noGrad, scope, TorchError } from "@aha/torch";
import { tokenLogRatio } from "../src/algorithms/importance.ts";
import { constantLength, type LossForm, sequenceMean, tokenMean } from "../src/algorithms/loss-form.ts";
import { namedParts } from "../src/models/decoder-weights.ts";
import type { Llama } from "../src/models/llama.ts";
import { randomStream } from "../src/rollout/seeds.ts";
import { type PolicyUpdateResult, updatePolicy } from "../src/training/policy-update.ts";
import { referenceScores } from "../src/training/reference-scores.ts";
import { rewardsForTraining } from "../src/training/reinforcement-step.ts";
import type { TrainingSequence } from "../src/training/training-sequence.ts";
import { plainPolicyGradient, type TokenWeight } from "./helpers/plain-policy-gradient.ts";
import { tinyModel } from "./helpers/tiny-model.ts";

const MAXIMUM_LENGTH = 16;
const TEMPERATURE = 0.8;
const BETA = 0.3;

/** An optimiser that notes the gradients it is given and leaves the weights alone. */
class Recorder extends AdamW {
  readonly gradients = new Map<string, Float64Array>();
  scale = Number.NaN;
  readonly #model: Llama;

  constructor(model: Llama) {
    super(model.parameters(), { learningRate: 1 });
    this.#model = model;
  }

  override step({ gradients, gradientScale }: Parameters<AdamW["step"]>[0] = {}): void {
    this.scale = gradientScale ?? 1;
    const parameters = this.#model.parameters();
    noGrad(() =>
      scope(() => {
        for (const { name, tensor, start, length } of namedParts(this.#model.config, this.#model.weights)) {
          const gradient = gradients?.[parameters.indexOf(tensor)];
          assert.ok(gradient, `${name} has no gradient`);
          const part = gradient.narrow(0, start, length).to("float64").flatten();
          this.gradients.set(name, Float64Array.from(part.toNumbers()));
        }
      }),
    );
  }
}

/**
 * Three groups of unequal prompts and lengths, one of a single token; ratios within and beyond the clipping range on
 * either side; advantages of both signs and 0; one sequence left out of the loss.
 */
function sequencesFor(model: Llama): TrainingSequence[] {
  const random = randomStream(11n);
  const token = (): number => 1 + Math.floor(random() * 383);
  const tokens = (count: number): number[] => Array.from({ length: count }, token);
  const groups = [tokens(5), tokens(1), tokens(9)].flatMap((promptTokenIds, group) =>
    [7, 1, 12, 4].map((length, sample) => ({
      group,
      promptTokenIds,
      tokenIds: tokens(length),
      oldLogProbabilities: new Float32Array(length),
      advantage: group === 1 && sample === 0 ? 0 : 2 * random() - 1,
      scored: !(group === 2 && sample === 2),
    })),
  );
  // Near the policy's own: some ratios leave 1 ± 0.2, most do not.
  const own = referenceScores(model, groups, TEMPERATURE, 10_000);
  return groups.map((sequence) => ({
    ...sequence,
    oldLogProbabilities: (own.get(sequence) as Float32Array).map((value) => value + random() - 0.5),
  }));
}

function update(
  model: Llama,
  sequences: readonly TrainingSequence[],
  reference: ReadonlyMap<TrainingSequence, Float32Array> | null,
  lossForm: LossForm,
  tokensPerMicroBatch: number,
): { readonly recorder: Recorder; readonly result: PolicyUpdateResult } {
  const recorder = new Recorder(model);
  const result = updatePolicy(model, recorder, sequences, reference, {
    ...{ temperature: TEMPERATURE, lossForm, maximumLength: MAXIMUM_LENGTH, importance: tokenLogRatio },
    ...{ clipLow: 0.2, clipHigh: 0.2, klCoefficient: reference === null ? 0 : BETA },
    ...{ learningRate: 1, maxGradientNorm: 0.01, tokensPerMicroBatch },
  });
  recorder.dispose();
  return { recorder, result };
}

/** ‖a − b‖ / ‖b‖ over all weights together. */
function distance(a: ReadonlyMap<string, Float64Array>, b: ReadonlyMap<string, Float64Array>): number {
  let difference = 0;
  let size = 0;
  assert.deepEqual([...a.keys()].sort(), [...b.keys()].sort());
  for (const [name, values] of b) {
    values.forEach((value, index) => {
      difference +=
        ((a.get(name) as Float64Array)[index] as number) ** 2 -
        2 * value * ((a.get(name) as Float64Array)[index] as number) +
        value ** 2;
      size += value ** 2;
    });
  }
  return Math.sqrt(Math.max(0, difference) / size);
}

const forms: Readonly<Record<string, readonly [LossForm, TokenWeight]>> = {
  "sequence-mean": [sequenceMean, (length, all) => 1 / (all.length * length)],
  "token-mean": [tokenMean, (_, all) => 1 / all.reduce((sum, one) => sum + one, 0)],
  "constant-length": [constantLength, (_, all) => 1 / (all.length * MAXIMUM_LENGTH)],
};

for (const [name, [lossForm, weight]] of Object.entries(forms)) {
  for (const withReference of [true, false]) {
    test(`${name}, ${withReference ? "with" : "without"} KL: gradient and loss equal the plain ones`, () => {
      const model = tinyModel(4, "float32", { initializerRange: 0.15 }).trainable();
      const other = tinyModel(5, "float32", { initializerRange: 0.15 });
      const sequences = sequencesFor(model);
      const reference = withReference ? referenceScores(other, sequences, TEMPERATURE, 50) : null;
      const plain = plainPolicyGradient(model, sequences, {
        ...{ weight, temperature: TEMPERATURE, clipLow: 0.2, clipHigh: 0.2, beta: BETA, reference },
      });
      const { recorder, result } = update(model, sequences, reference, lossForm, 10_000);
      const error = distance(recorder.gradients, plain.gradients);
      assert.ok(error < 2e-5, `relative error of the gradient ${error}`);
      assert.ok(Math.abs(result.loss - plain.loss) < 2e-5 * Math.max(1, Math.abs(plain.loss)));
      assert.ok(result.clippedLow > 0 && result.clippedHigh > 0, "the case clips on both sides");
      const norm = Math.sqrt(
        [...plain.gradients.values()].flatMap((one) => [...one]).reduce((sum, one) => sum + one * one, 0),
      );
      assert.ok(Math.abs(result.gradientNorm - norm) < 1e-4 * norm);
      assert.ok(Math.abs(recorder.scale - 0.01 / norm) < (1e-3 * 0.01) / norm, "clipped to maxGradientNorm");
      model.dispose();
      other.dispose();
    });
  }
}

function microBatches(dtype: Dtype): readonly (readonly [limit: number, distance: number])[] {
  const model = tinyModel(4, dtype, { initializerRange: 0.15 }).trainable();
  const sequences = sequencesFor(model);
  const reference = referenceScores(model, sequences, TEMPERATURE, 10_000);
  const whole = update(model, sequences, reference, sequenceMean, 10_000);
  const distances = [64, 20, 1].map((limit) => {
    const { recorder, result } = update(model, sequences, reference, sequenceMean, limit);
    assert.equal(result.tokens, whole.result.tokens);
    return [limit, distance(recorder.gradients, whole.recorder.gradients)] as const;
  });
  model.dispose();
  return distances;
}

test("float32: the micro-batch's size changes the gradient by rounding alone", () => {
  for (const [limit, error] of microBatches("float32")) assert.ok(error < 3e-6, `${limit} tokens: ${error}`);
});

test("bfloat16: micro-batches add up in float32, near the float64 gradient of the same weights", () => {
  for (const [limit, error] of microBatches("bfloat16")) assert.ok(error < 0.02, `${limit} tokens: ${error}`);
  const model = tinyModel(4, "bfloat16", { initializerRange: 0.15 }).trainable();
  const sequences = sequencesFor(model);
  const plain = plainPolicyGradient(model, sequences, {
    ...{ weight: forms["sequence-mean"]?.[1] as TokenWeight, temperature: TEMPERATURE },
    ...{ clipLow: 0.2, clipHigh: 0.2, beta: 0, reference: null },
  });
  const { recorder } = update(model, sequences, null, sequenceMean, 20);
  const error = distance(recorder.gradients, plain.gradients);
  assert.ok(error < 0.1, `relative error ${error}`);
  model.dispose();
});

test("sequences left out of the loss have no part in it, but keep their place among the sequences", () => {
  const model = tinyModel(4, "float32", { initializerRange: 0.15 }).trainable();
  const sequences = sequencesFor(model);
  const changed = sequences.map((one) => (one.scored ? one : { ...one, advantage: 100 }));
  const gradients = (of: readonly TrainingSequence[]) =>
    update(model, of, null, sequenceMean, 10_000).recorder.gradients;
  assert.deepEqual(gradients(changed), gradients(sequences));
  const scored = sequences.filter((one) => one.scored);
  const scaled = new Map(
    [...gradients(scored)].map(([name, values]) => [
      name,
      values.map((value) => (value * scored.length) / sequences.length),
    ]),
  );
  assert.ok(distance(gradients(sequences), scaled) < 1e-6);
  model.dispose();
});

test("a gradient that is not finite leaves weights and optimiser as they were, and the next update works", () => {
  const model = tinyModel(4, "float32", { initializerRange: 0.15 }).trainable();
  const optimizer = new AdamW(model.parameters(), { learningRate: 0.01 });
  const sequences = sequencesFor(model);
  const values = () => scope(() => model.parameters().map((one) => [...one.detach().flatten().toNumbers()]));
  const before = values();
  const live = liveTensors();
  const run = (of: readonly TrainingSequence[]) =>
    updatePolicy(model, optimizer, of, null, {
      ...{ temperature: TEMPERATURE, lossForm: sequenceMean, maximumLength: MAXIMUM_LENGTH },
      ...{ importance: tokenLogRatio, clipLow: 0.2, clipHigh: 0.2, klCoefficient: 0 },
      ...{ learningRate: 0.01, maxGradientNorm: 1, tokensPerMicroBatch: 30 },
    });
  const poisoned = sequences.map((one, index) => (index === 3 ? { ...one, advantage: 1e300 } : one));
  assert.equal(run(poisoned).applied, false);
  assert.equal(optimizer.steps, 0);
  assert.deepEqual(values(), before);
  assert.equal(run(sequences).applied, true);
  assert.equal(optimizer.steps, 1);
  assert.equal(liveTensors() - live, 0);
  optimizer.dispose();
  model.dispose();
});

test("out of memory halves the micro-batch until it fits, and gives the same gradient", () => {
  const model = tinyModel(4, "float32", { initializerRange: 0.15 }).trainable();
  const few = sequencesFor(model);
  const sequences = [0, 3, 6, 9].flatMap((first) => few.map((one) => ({ ...one, group: first + one.group })));
  const whole = update(model, sequences, null, sequenceMean, 400);
  const live = liveTensors();
  const hidden = model.hidden.bind(model);
  model.hidden = (batch, observe) => {
    if (batch.tokens > 128) throw new TorchError("DefaultCPUAllocator: can't allocate memory");
    return hidden(batch, observe);
  };
  const halved = update(model, sequences, null, sequenceMean, 400);
  assert.equal(halved.result.tokensPerMicroBatch, 100);
  assert.ok(distance(halved.recorder.gradients, whole.recorder.gradients) < 3e-6);
  assert.equal(halved.result.tokens, whole.result.tokens);
  assert.equal(liveTensors(), live);
  model.hidden = () => {
    throw new TorchError("out of memory");
  };
  assert.throws(() => update(model, sequences, null, sequenceMean, 400), /out of memory/);
  model.hidden = () => {
    throw new TorchError("shapes do not match");
  };
  assert.throws(() => update(model, sequences, null, sequenceMean, 400), /shapes do not match/);
  model.dispose();
});

test("shuffled rewards are the same rewards in another order", () => {
  const groups = [0, 1, 2].map((group) => ({
    question: { id: String(group), prompt: "", columns: {} },
    promptTokenIds: [1],
    completions: [0, 1, 2, 3].map((sample) => ({
      completion: {
        sample,
        tokenIds: [1],
        logProbabilities: new Float32Array(1),
        text: "",
        finish: "stop" as const,
      },
      reward: group * 4 + sample,
      breakdown: {},
    })),
  }));
  const own = rewardsForTraining(groups, false, 1n);
  const dealt = rewardsForTraining(groups, true, 1n);
  assert.deepEqual(own.flat(), [...Array(12).keys()]);
  assert.notDeepEqual(dealt, own);
  assert.deepEqual(
    dealt.flat().sort((a, b) => a - b),
    own.flat(),
  );
  assert.deepEqual(rewardsForTraining(groups, true, 1n), dealt, "the same seed deals the same");
  assert.notDeepEqual(rewardsForTraining(groups, true, 2n), dealt);
});
