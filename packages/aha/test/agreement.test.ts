/** The sampler's log-probabilities against the trainer's: bit for bit where shapes are equal, else within bounds. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Dtype, generator, indices, liveTensors, noGrad, operator, scope, torch } from "@aha/torch";
import type { Llama } from "../src/models/llama.ts";
import { tokenLogProbabilities } from "../src/models/token-log-probabilities.ts";
import { Decoder, type SampledSequence } from "../src/rollout/decoder.ts";
import { deriveSeed } from "../src/rollout/seeds.ts";
import { packMicroBatch, scoreMicroBatch } from "../src/training/micro-batch.ts";
import type { TrainingSequence } from "../src/training/training-sequence.ts";
import { tinyModel } from "./helpers/tiny-model.ts";

const filteredLogProbabilities = operator("aha::filtered_log_probabilities");

const prompts = [
  [300, 4, 17, 250],
  [301, 9],
  [40, 41, 42, 43, 44, 45, 46],
] as const;

function sampleGroups(
  model: Llama,
  samples: number,
  maxNewTokens: number,
  temperature: number,
): TrainingSequence[] {
  const decoder = new Decoder(
    model,
    prompts.map((promptTokenIds, index) => ({
      promptTokenIds,
      seeds: Array.from({ length: samples }, (_, sample) => deriveSeed(7, index, sample)),
    })),
    {
      temperature,
      topP: 1,
      topK: 0,
      minP: 0,
      maxNewTokens,
      eosTokenIds: new Set([0, 1, 2, 3]),
      capacity: 16,
    },
  );
  const found: SampledSequence[] = [];
  while (!decoder.finished) found.push(...decoder.step());
  return found
    .sort((a, b) => a.request - b.request || a.sample - b.sample)
    .map(({ request, tokenIds, logProbabilities }) => ({
      group: request,
      promptTokenIds: prompts[request] as readonly number[],
      tokenIds,
      oldLogProbabilities: logProbabilities,
      advantage: 1,
      scored: true,
    }));
}

function trainerScores(model: Llama, sequences: readonly TrainingSequence[], temperature: number): number[] {
  return scope(() =>
    noGrad(() => {
      const { logProbabilities } = scoreMicroBatch(model, packMicroBatch(sequences, model), temperature);
      return [...logProbabilities.toNumbers()];
    }),
  );
}

const samplerScores = (sequences: readonly TrainingSequence[]): number[] =>
  sequences.flatMap(({ oldLogProbabilities }) => [...oldLogProbabilities]);

for (const dtype of ["float32", "bfloat16"] as const satisfies readonly Dtype[]) {
  test(`${dtype}: from the same hidden states the head scores as the sampler does, bit for bit`, () => {
    const model = tinyModel(5, dtype);
    scope(() =>
      noGrad(() => {
        const hidden = torch.randn([50, 32], { generator: generator(3) }).to(dtype);
        const targets = indices(Array.from({ length: 50 }, (_, row) => (row * 37) % 384));
        for (const temperature of [1, 0.7, 1.9]) {
          const sampler = filteredLogProbabilities(model.logits(hidden), targets, temperature, 0, 1, 0);
          const { logProbabilities } = tokenLogProbabilities(model, hidden, targets, temperature);
          assert.ok(logProbabilities.equal(sampler), `temperature ${temperature}`);
        }
      }),
    );
    model.dispose();
  });

  test(`${dtype}: the whole path agrees bit for bit where both sides compute the same shapes`, () => {
    // One sample a prompt and one token a sample: the trainer's pass is the sampler's prefill.
    const model = tinyModel(6, dtype);
    for (const temperature of [1, 0.7]) {
      const sequences = sampleGroups(model, 1, 1, temperature);
      assert.deepEqual(trainerScores(model, sequences, temperature), samplerScores(sequences));
    }
    model.dispose();
  });
}

/** Largest and mean |sampler − trainer| over completions of unequal lengths that share prompts. */
function disagreement(dtype: Dtype, seed: number, initializerRange: number): { max: number; mean: number } {
  const model = tinyModel(seed, dtype, { initializerRange });
  const temperature = 0.9;
  const sequences = sampleGroups(model, 8, 24, temperature);
  assert.ok(new Set(sequences.map(({ tokenIds }) => tokenIds.length)).size > 1, "lengths differ");
  const sampler = samplerScores(sequences);
  const differences = trainerScores(model, sequences, temperature).map((value, index) =>
    Math.abs(value - (sampler[index] as number)),
  );
  model.dispose();
  return {
    max: Math.max(...differences),
    mean: differences.reduce((sum, value) => sum + value, 0) / differences.length,
  };
}

test("float32: sampler and trainer differ by rounding alone, at most 1e-5", () => {
  for (const seed of [1, 2, 3]) {
    const { max } = disagreement("float32", seed, 0.1);
    assert.ok(max <= 1e-5, `seed ${seed}: ${max}`);
  }
});

test("bfloat16: sampler and trainer differ by at most 0.05, by 0.005 in the mean", () => {
  for (const seed of [1, 2, 3]) {
    const { max, mean } = disagreement("bfloat16", seed, 0.1);
    assert.ok(max <= 0.05 && mean <= 0.005, `seed ${seed}: max ${max}, mean ${mean}`);
  }
});

test("scores of a sequence do not depend on the others of its micro-batch, and nothing stays alive", () => {
  const model = tinyModel(2, "float32", { initializerRange: 0.1 });
  const before = liveTensors();
  const sequences = sampleGroups(model, 4, 16, 1);
  const together = trainerScores(model, sequences, 1);
  const alone = sequences.flatMap((sequence) => trainerScores(model, [sequence], 1));
  together.forEach((value, index) => {
    assert.ok(Math.abs(value - (alone[index] as number)) <= 1e-5, `token ${index}`);
  });
  assert.equal(liveTensors(), before);
  model.dispose();
});
