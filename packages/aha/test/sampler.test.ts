/** Sampling: the distribution drawn from, its log-probabilities, and that nothing depends on the batch. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { liveTensors, noGrad, scope } from "@aha/torch";
import { bucketSize } from "../src/models/bucket.ts";
import { Llama } from "../src/models/llama.ts";
import { packSequences, type RaggedBatch } from "../src/models/ragged-batch.ts";
import {
  Decoder,
  type SampledSequence,
  type SampleRequest,
  type SamplingOptions,
} from "../src/rollout/decoder.ts";
import { PromptError } from "../src/rollout/prompt-error.ts";
import { deriveSeed } from "../src/rollout/seeds.ts";
import { chiSquare, chiSquareLimit, type Filters, filteredSoftmax } from "./helpers/filtered-softmax.ts";
import { tinyModel } from "./helpers/tiny-model.ts";

const defaults: SamplingOptions = {
  temperature: 1,
  topP: 1,
  topK: 0,
  minP: 0,
  maxNewTokens: 12,
  eosTokenIds: new Set(),
  capacity: 64,
};

const request = (promptTokenIds: readonly number[], samples: number, name = "q"): SampleRequest => ({
  promptTokenIds,
  seeds: Array.from({ length: samples }, (_, sample) => deriveSeed(1, 1, name, sample)),
});

/** All completions as request → sample. */
function sampleAll(
  model: Llama,
  requests: readonly SampleRequest[],
  options: Partial<SamplingOptions> = {},
): SampledSequence[][] {
  const decoder = new Decoder(model, requests, { ...defaults, ...options });
  const found: SampledSequence[][] = requests.map(() => []);
  while (!decoder.finished) {
    for (const sequence of decoder.step()) (found[sequence.request] ?? [])[sequence.sample] = sequence;
  }
  return found;
}

/** Logits [length, V] after each token of a sequence, by a pass over the whole of it. */
function logitsOf(model: Llama, sequence: readonly number[]): number[][] {
  return scope(() =>
    noGrad(() => {
      const values = [...model.logits(model.hidden(packSequences([sequence]))).toNumbers()];
      const width = model.config.vocabularySize;
      return sequence.map((_, row) => values.slice(row * width, (row + 1) * width));
    }),
  );
}

const prompts = [
  [300, 4, 17, 250],
  [301, 9],
  [40, 41, 42, 43, 44, 45, 46],
] as const;

const settings: readonly (Filters & { readonly name: string })[] = [
  { name: "temperature 1", temperature: 1, topK: 0, topP: 1, minP: 0 },
  { name: "temperature 0.7", temperature: 0.7, topK: 0, topP: 1, minP: 0 },
  { name: "temperature 2.5", temperature: 2.5, topK: 0, topP: 1, minP: 0 },
  { name: "top-k 5", temperature: 1, topK: 5, topP: 1, minP: 0 },
  { name: "top-p 0.8", temperature: 1, topK: 0, topP: 0.8, minP: 0 },
  { name: "top-p 0.99", temperature: 1.5, topK: 0, topP: 0.99, minP: 0 },
  { name: "min-p 0.1", temperature: 1, topK: 0, topP: 1, minP: 0.1 },
  { name: "all of them", temperature: 1.3, topK: 40, topP: 0.9, minP: 0.02 },
];

for (const { name, ...filters } of settings) {
  test(`${name}: first tokens are drawn as the softmax says (χ²)`, () => {
    // Small weights: a distribution that is neither flat nor a point.
    const model = tinyModel(3, "float32", { initializerRange: 0.15, vocabularySize: 64 });
    const prompt = [5, 9, 33];
    const probabilities = filteredSoftmax(logitsOf(model, prompt).at(-1) ?? [], filters);
    const samples = 20_000;
    const options = { ...filters, maxNewTokens: 1, capacity: samples };
    const counts = new Array<number>(64).fill(0);
    for (const { tokenIds, logProbabilities } of sampleAll(model, [request(prompt, samples)], options)[0] ??
      []) {
      const id = tokenIds[0] as number;
      counts[id] = (counts[id] as number) + 1;
      const expected = Math.log(probabilities[id] as number);
      assert.ok(Math.abs((logProbabilities[0] as number) - expected) < 1e-5, `${id}: ${expected}`);
    }
    const { statistic, freedom } = chiSquare(counts, probabilities);
    assert.ok(freedom >= 2, `${freedom} degrees of freedom`);
    assert.ok(statistic < chiSquareLimit(freedom), `χ² ${statistic} at ${freedom} degrees of freedom`);
    model.dispose();
  });

  test(`${name}: later tokens' log-probabilities are those of the distribution sampled from`, () => {
    const model = tinyModel(4, "float32", { initializerRange: 0.15 });
    const groups = sampleAll(
      model,
      prompts.map((prompt) => request(prompt, 4)),
      filters,
    );
    groups.forEach((group, index) => {
      for (const { tokenIds, logProbabilities } of group) {
        const prompt = prompts[index] as readonly number[];
        const logits = logitsOf(model, [...prompt, ...tokenIds]);
        tokenIds.forEach((id, at) => {
          const probabilities = filteredSoftmax(logits[prompt.length + at - 1] ?? [], filters);
          const expected = Math.log(probabilities[id] as number);
          const got = logProbabilities[at] as number;
          assert.ok(Math.abs(got - expected) < 2e-5, `token ${at}: ${got}, expected ${expected}`);
        });
      }
    });
    model.dispose();
  });
}

test("the χ² tells a wrong temperature from the right one", () => {
  const logits = Array.from({ length: 8 }, (_, index) => index / 4);
  const wrong = filteredSoftmax(logits, { temperature: 1.1, topK: 0, topP: 1, minP: 0 });
  const right = filteredSoftmax(logits, { temperature: 1, topK: 0, topP: 1, minP: 0 });
  const counts = right.map((probability) => Math.round(20_000 * probability));
  assert.ok(chiSquare(counts, right).statistic < 1);
  assert.ok(chiSquare(counts, wrong).statistic > chiSquareLimit(7));
});

test("temperature 0 takes the most likely token and reports its probability at temperature 1", () => {
  const model = tinyModel();
  const [[one] = [], [other] = []] = sampleAll(
    model,
    prompts.slice(0, 2).map((prompt) => request(prompt, 1)),
    { temperature: 0, topK: 3 },
  );
  for (const [index, sequence] of [one, other].entries()) {
    const { tokenIds, logProbabilities } = sequence ?? assert.fail("a sequence is missing");
    const prompt = prompts[index] as readonly number[];
    const logits = logitsOf(model, [...prompt, ...tokenIds]);
    tokenIds.forEach((id, at) => {
      const row = logits[prompt.length + at - 1] as number[];
      assert.equal(id, row.indexOf(Math.max(...row)));
      const probability = filteredSoftmax(row, { temperature: 1, topK: 0, topP: 1, minP: 0 })[id] as number;
      assert.ok(Math.abs((logProbabilities[at] as number) - Math.log(probability)) < 2e-5);
    });
  }
  model.dispose();
});

test("every end-of-sequence id ends a completion and belongs to it; the others go on without it", () => {
  const model = tinyModel(1, "float32", { initializerRange: 0.05 });
  const eosTokenIds = new Set(Array.from({ length: 60 }, (_, index) => index * 5));
  const perStep: number[] = [];
  const decoder = new Decoder(
    model,
    [request([300, 4], 64)],
    { ...defaults, maxNewTokens: 20, eosTokenIds },
    () => {
      perStep[perStep.length - 1] = (perStep.at(-1) ?? 0) + 1;
    },
  );
  const sequences: SampledSequence[] = [];
  while (!decoder.finished) {
    perStep.push(0);
    sequences.push(...decoder.step());
  }
  const enders = new Set<number>();
  for (const { tokenIds, finish } of sequences) {
    const last = tokenIds.at(-1) as number;
    assert.ok(tokenIds.slice(0, -1).every((id) => !eosTokenIds.has(id)));
    assert.equal(finish, eosTokenIds.has(last) ? "stop" : "length");
    if (finish === "length") assert.equal(tokenIds.length, 20);
    else enders.add(last);
  }
  assert.equal(sequences.length, 64);
  assert.ok(enders.size > 10, "different ids ended them");
  // What is computed in a step is what has not ended before it.
  perStep.forEach((count, step) => {
    assert.equal(count, sequences.filter(({ tokenIds }) => tokenIds.length > step).length);
  });
  assert.equal(
    decoder.generated,
    sequences.reduce((sum, { tokenIds }) => sum + tokenIds.length, 0),
  );
  model.dispose();
});

function assertSame(
  actual: readonly SampledSequence[],
  expected: readonly SampledSequence[],
  what: string,
): void {
  assert.equal(actual.length, expected.length, what);
  actual.forEach((sequence, index) => {
    const wanted = expected[index] as SampledSequence;
    assert.deepEqual(sequence.tokenIds, wanted.tokenIds, `${what}: sample ${index}`);
    assert.equal(sequence.finish, wanted.finish);
    sequence.logProbabilities.forEach((value, at) => {
      const difference = Math.abs(value - (wanted.logProbabilities[at] as number));
      assert.ok(difference < 1e-5, `${what}: sample ${index}, token ${at}: ${difference}`);
    });
  });
}

test("the capacity does not change what is sampled: waiting completions take freed rows", () => {
  const model = tinyModel(2, "float32", { initializerRange: 0.1 });
  const eosTokenIds = new Set(Array.from({ length: 40 }, (_, index) => index * 9));
  const requests = prompts.map((prompt, index) => request(prompt, 7, `q${index}`));
  const whole = sampleAll(model, requests, { eosTokenIds });
  assert.ok(whole.flat().some(({ finish }) => finish === "stop"));
  for (const capacity of [1, 3, 8]) {
    const parts = sampleAll(model, requests, { eosTokenIds, capacity });
    parts.forEach((group, index) => {
      assertSame(group, whole[index] ?? [], `capacity ${capacity}`);
    });
  }
  model.dispose();
});

test("a completion does not depend on its batch-mates, only on its own seed", () => {
  const model = tinyModel(2);
  const requests = prompts.map((prompt, index) => request(prompt, 5, `q${index}`));
  const together = sampleAll(model, requests);
  requests.forEach(({ promptTokenIds, seeds }, index) => {
    seeds.forEach((seed, sample) => {
      const [alone = []] = sampleAll(model, [{ promptTokenIds, seeds: [seed] }]);
      assertSame(alone, [together[index]?.[sample] as SampledSequence], `question ${index}`);
    });
  });
  const texts = new Set(together.flat().map(({ tokenIds }) => tokenIds.join()));
  assert.equal(texts.size, 15, "other seeds, other completions");
  model.dispose();
});

class CountingLlama extends Llama {
  readonly passes: number[] = [];
  override hidden(batch: RaggedBatch, ...observe: never[]) {
    this.passes.push(batch.tokens);
    return super.hidden(batch, ...observe);
  }
}

test("a prompt is computed once for all of its samples", () => {
  const plain = tinyModel();
  const model = new CountingLlama(plain.config, plain.weights);
  sampleAll(
    model,
    prompts.map((prompt) => request(prompt, 6)),
    { capacity: 4 },
  );
  const tokens = prompts.reduce((sum, prompt) => sum + prompt.length, 0);
  assert.deepEqual(model.passes, [bucketSize(tokens)]);
  model.dispose();
});

test("nothing is left alive: after the end, after giving up, after an error, without requests or samples", () => {
  const model = tinyModel();
  const before = liveTensors();
  sampleAll(model, [request([5, 6], 3)]);
  assert.equal(liveTensors(), before, "after the end");
  const decoder = new Decoder(model, [request([5, 6], 3)], defaults);
  decoder.step();
  decoder.step();
  assert.ok(liveTensors() > before);
  decoder.dispose();
  assert.equal(liveTensors(), before, "after giving up");
  assert.ok(decoder.finished);
  assert.deepEqual(decoder.step(), []);
  decoder.dispose();
  assert.throws(() => new Decoder(model, [request([5], 1), request([], 1)], defaults), PromptError);
  assert.equal(liveTensors(), before, "after an error");
  assert.deepEqual(sampleAll(model, []), []);
  assert.deepEqual(sampleAll(model, [{ promptTokenIds: [4], seeds: [] }]), [[]]);
  assert.equal(liveTensors(), before, "without samples");
  model.dispose();
});

test("impossible prompts are refused with the prompt's number and what would be possible", () => {
  const model = tinyModel();
  const open =
    (ids: readonly number[], maxNewTokens = 12) =>
    () =>
      new Decoder(model, [request([1], 1), request(ids, 1)], { ...defaults, maxNewTokens });
  assert.throws(open([]), /prompt 1 has no tokens/);
  assert.throws(open([1, 384]), /prompt 1 holds the token id 384; this model knows 0 … 383/);
  assert.throws(open([-1]), /token id -1/);
  assert.throws(open([1.5]), /token id 1\.5/);
  assert.throws(
    open(new Array<number>(120).fill(7)),
    /120 tokens.*132 together.*128 positions.*Lower maxNewTokens to 8/,
  );
  const longest = sampleAll(model, [request(new Array<number>(120).fill(7), 1)], { maxNewTokens: 8 });
  assert.equal(longest[0]?.[0]?.tokenIds.length, 8);
  model.dispose();
});

test("logits that are not numbers are an error, not a token", () => {
  const model = tinyModel();
  scope(() => noGrad(() => model.weights.norm.fill_(Number.NaN)));
  const before = liveTensors();
  const decoder = new Decoder(model, [request([5], 2)], defaults);
  assert.throws(() => decoder.step(), /NaN/);
  decoder.dispose();
  assert.equal(liveTensors(), before);
  model.dispose();
});
