/** Self-speculative decoding against plain decoding: the same greedy tokens, the same distribution, and a model that drafts well. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { AdamW, indices, liveTensors, noGrad, scope } from "@aha/torch";
import type { DeepseekV3 } from "../src/models/deepseek/deepseek-v3.ts";
import { type FilterOptions, filteredProbabilities } from "../src/models/filtered-log-probabilities.ts";
import { packSequences } from "../src/models/ragged-batch.ts";
import type {
  SampledSequence,
  SampleRequest,
  SamplingOptions,
  SequenceDecoder,
} from "../src/rollout/decoder.ts";
import { draftAcceptance, makeDecoder } from "../src/rollout/make-decoder.ts";
import { deriveSeed } from "../src/rollout/seeds.ts";
import { SpeculativeDecoder } from "../src/rollout/speculative-decoder.ts";
import { chiSquareScore } from "./helpers/chi-square.ts";
import { frozenDeepseek, nextTokens, openDeepseek } from "./helpers/deepseek-fixtures.ts";

const cases = frozenDeepseek.models.deepseek?.cases ?? [];
const defaults: SamplingOptions = {
  temperature: 0,
  topP: 1,
  topK: 0,
  minP: 0,
  maxNewTokens: 16,
  eosTokenIds: new Set(),
  capacity: 3,
  speculative: true,
};

function exhaust(decoder: SequenceDecoder): Map<string, SampledSequence> {
  const found = new Map<string, SampledSequence>();
  while (!decoder.finished)
    for (const sequence of decoder.step()) found.set(`${sequence.request}.${sequence.sample}`, sequence);
  return found;
}

/** Makes main model and prediction module agree on a cycle of tokens, so that most drafts are kept. */
function taught(): DeepseekV3 {
  const model = openDeepseek("deepseek").trainable();
  const optimizer = new AdamW(model.parameters(), { learningRate: 0.01 });
  const cycle = Array.from({ length: 24 }, (_, index) => [5, 9, 33, 7, 21][index % 5] as number);
  for (let step = 0; step < 40; step++) {
    scope(() => {
      const batch = packSequences([cycle]);
      const hidden = model.hidden(batch);
      const ahead = model.predictAhead(batch, hidden, nextTokens(batch, [cycle]));
      const loss = (states: typeof hidden, distance: number) =>
        model
          .logits(states.narrow(0, 0, cycle.length - distance))
          .logSoftmax(1)
          .gather(1, indices(cycle.slice(distance)).unsqueeze(1))
          .mean()
          .neg();
      loss(hidden, 1).add(loss(ahead, 2)).backward();
      optimizer.step();
      optimizer.zeroGrad();
    });
  }
  optimizer.dispose();
  return model.trainable(false);
}

for (const kind of ["random", "taught"]) {
  test(`greedy output of a ${kind} model is that of plain decoding, token for token`, () => {
    const before = liveTensors();
    const model = kind === "taught" ? taught() : openDeepseek("deepseek");
    const prompts = [...cases.map(({ inputIds }) => inputIds), [5, 9, 33, 7, 21, 5], [17]];
    const requests = prompts.map((promptTokenIds) => ({ promptTokenIds, seeds: [1n, 2n] }));
    // An end in the middle of a cycle, and lengths odd and even, end completions on accepted and on drawn tokens.
    for (const options of [
      { maxNewTokens: 16 },
      { maxNewTokens: 15, eosTokenIds: new Set([7]) },
      { maxNewTokens: 1 },
      { maxNewTokens: 2 },
    ]) {
      const speculative = makeDecoder(model, requests, { ...defaults, ...options });
      const found = exhaust(speculative);
      const plain = exhaust(makeDecoder(model, requests, { ...defaults, ...options, speculative: false }));
      assert.equal(found.size, plain.size);
      for (const [key, { tokenIds, finish, logProbabilities }] of plain) {
        const other = found.get(key) ?? assert.fail(`${key} is missing`);
        assert.deepEqual(other.tokenIds, tokenIds, key);
        assert.equal(other.finish, finish);
        other.logProbabilities.forEach((value, index) => {
          assert.ok(Math.abs(value - (logProbabilities[index] as number)) < 1e-4);
        });
      }
      const rate = draftAcceptance(speculative);
      if (kind === "taught" && options.maxNewTokens === 16) assert.ok((rate ?? 0) > 0.3, `kept ${rate}`);
      if (options.maxNewTokens === 1) assert.equal(rate, null);
      const tokens = [...found.values()].reduce((sum, { tokenIds }) => sum + tokenIds.length, 0);
      assert.equal(speculative.generated, tokens);
    }
    model.dispose();
    assert.equal(liveTensors(), before, "nothing is left alive");
  });
}

/** How many drafts are made and kept of a greedy completion, by the prediction module's pass over the whole sequence. */
function expectedDrafts(
  model: DeepseekV3,
  prompt: readonly number[],
  completion: readonly number[],
): { drafted: number; accepted: number } {
  const sequence = [...prompt, ...completion];
  const best = scope(() =>
    noGrad(() => {
      const batch = packSequences([sequence]);
      const ahead = model.predictAhead(batch, model.hidden(batch), nextTokens(batch, [sequence]));
      return [...model.logits(ahead).argmax(1).toNumbers()];
    }),
  );
  let drafted = 0;
  let accepted = 0;
  // The row two before a token drafts it.
  for (let next = 1; next < completion.length; next++) {
    drafted++;
    if (best[prompt.length + next - 2] !== completion[next]) continue;
    accepted++;
    next++; // the step's own second token
  }
  return { drafted, accepted };
}

test("drafts over the cache are those of the prediction module's whole pass", () => {
  const model = taught();
  const prompts = [...cases.map(({ inputIds }) => inputIds), [5, 9, 33, 7, 21, 5], [17]];
  const requests = prompts.map((promptTokenIds) => ({ promptTokenIds, seeds: [1n, 2n] }));
  const decoder = new SpeculativeDecoder(model, requests, defaults);
  const expected = { drafted: 0, accepted: 0 };
  for (const { request, tokenIds } of exhaust(decoder).values()) {
    const { drafted, accepted } = expectedDrafts(model, prompts[request] ?? [], tokenIds);
    expected.drafted += drafted;
    expected.accepted += accepted;
  }
  assert.deepEqual({ drafted: decoder.drafted, accepted: decoder.accepted }, expected);
  assert.ok(expected.accepted > 10 && expected.accepted < expected.drafted);
  model.dispose();
});

/** The exact probabilities of three tokens' classes (id mod 4), [64]. */
function exactClasses(model: DeepseekV3, prompt: readonly number[], filters: FilterOptions): number[] {
  const after = (sequences: readonly (readonly number[])[]): number[][] =>
    scope(() =>
      noGrad(() => {
        const batch = packSequences(sequences);
        const ends = batch.spans.map(([start, length]) => start + length - 1);
        const logits = model.logits(model.hidden(batch).indexSelect(0, indices(ends)));
        const all = [...filteredProbabilities(logits, filters).flatten().toNumbers()];
        return sequences.map((_, row) => all.slice(row * 64, (row + 1) * 64));
      }),
    );
  const vocabulary = Array.from({ length: 64 }, (_, id) => id);
  const [first = []] = after([prompt]);
  const classes = new Array<number>(64).fill(0);
  const possible = (shares: readonly number[]): number[] =>
    vocabulary.filter((id) => (shares[id] as number) > 0);
  const seconds = after(possible(first).map((id) => [...prompt, id]));
  possible(first).forEach((one, row) => {
    const second = seconds[row] as number[];
    const thirds = after(possible(second).map((id) => [...prompt, one, id]));
    possible(second).forEach((two, column) => {
      (thirds[column] as number[]).forEach((share, three) => {
        const cell = (one % 4) * 16 + (two % 4) * 4 + (three % 4);
        const joint = (first[one] as number) * (second[two] as number) * share;
        classes[cell] = (classes[cell] as number) + joint;
      });
    });
  });
  return classes;
}

for (const filters of [
  { temperature: 1.5, topK: 0, topP: 1, minP: 0 },
  { temperature: 1.2, topK: 20, topP: 0.9, minP: 0.01 },
]) {
  test(`sampled completions are distributed as the model says, filters ${JSON.stringify(filters)}`, () => {
    const model = openDeepseek("deepseek");
    const prompt = [3, 2, 60];
    const samples = 3000;
    const request: SampleRequest = {
      promptTokenIds: prompt,
      seeds: Array.from({ length: samples }, (_, index) => deriveSeed("speculative", index)),
    };
    const decoder = makeDecoder(model, [request], {
      ...defaults,
      ...filters,
      maxNewTokens: 4,
      capacity: 512,
    });
    const counts = new Array<number>(64).fill(0);
    for (const { tokenIds } of exhaust(decoder).values()) {
      const [one = 0, two = 0, three = 0] = tokenIds;
      const cell = (one % 4) * 16 + (two % 4) * 4 + (three % 4);
      counts[cell] = (counts[cell] as number) + 1;
    }
    const rate = draftAcceptance(decoder) ?? 0;
    assert.ok(rate > 0.05 && rate < 0.95, `both ways are taken: ${rate} kept`);
    const exact = exactClasses(model, prompt, filters);
    const score = chiSquareScore(counts, exact);
    assert.ok(Math.abs(score) < 4, `χ² score ${score}`);
    model.dispose();
  });
}
