/** LoRA within a model: one path for sampling and training, adapters by name, dropout. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Dtype,
  generator,
  grad,
  liveTensors,
  noGrad,
  operator,
  scope,
  type Tensor,
  torch,
} from "@aha/torch";
import { adaptedLinear } from "../src/lora/adapted-linear.ts";
import { type Adapter, freshAdapter } from "../src/lora/adapter.ts";
import { AdapterDropout } from "../src/lora/adapter-dropout.ts";
import { AdapterNameError } from "../src/lora/adapter-set.ts";
import type { Llama } from "../src/models/llama.ts";
import { packSequences } from "../src/models/ragged-batch.ts";
import { type Filters, rowLogProbabilities } from "../src/models/token-log-probabilities.ts";
import { Decoder, type SampledSequence } from "../src/rollout/decoder.ts";
import { deriveSeed } from "../src/rollout/seeds.ts";
import { packMicroBatch, scoreMicroBatch } from "../src/training/micro-batch.ts";
import type { TrainingSequence } from "../src/training/training-sequence.ts";
import { tinyConfig, tinyModel } from "./helpers/tiny-model.ts";

const linear = operator("aten::linear");
const settings = { base: null, rank: 4, alpha: 8, dropout: 0, rankStabilised: false };

/** An adapter on everything, B drawn too. */
function randomAdapter(model: Llama, seed: number, changes: Partial<typeof settings> = {}): Adapter {
  const fresh = { ...settings, ...changes, targetModules: "all-linear" as const };
  const drawn = generator(seed);
  const adapter = freshAdapter(model.config, fresh, drawn, model.dtype, model.device);
  scope(() =>
    noGrad(() => {
      for (const { name, tensor } of adapter.matrices()) {
        if (name.includes("lora_B")) tensor.copy_(torch.randn(tensor.shape, { generator: drawn }).mul_(0.2));
      }
    }),
  );
  return adapter;
}

function adaptedModel(seed: number, dtype: Dtype = "float32", changes: Partial<typeof settings> = {}): Llama {
  const model = tinyModel(seed, dtype, { initializerRange: 0.1 });
  model.adapters.replaceActive("default", randomAdapter(model, seed, changes));
  return model;
}

const sequences = [
  [3, 1, 4, 1, 5, 9, 2, 6],
  [5, 3, 5],
  [8, 9, 7, 9, 3, 2, 3, 8, 4, 6],
];
const hiddenOf = (model: Llama): number[] => [
  ...scope(() => noGrad(() => model.hidden(packSequences(sequences)).toNumbers())),
];

function sampleGroups(model: Llama): TrainingSequence[] {
  const prompts = [
    [300, 4, 17, 250],
    [301, 9],
    [40, 41, 42, 43, 44, 45, 46],
  ];
  const options = { temperature: 0.9, topP: 1, topK: 0, minP: 0, maxNewTokens: 24, capacity: 16 };
  const decoder = new Decoder(
    model,
    prompts.map((promptTokenIds, index) => ({
      promptTokenIds,
      seeds: Array.from({ length: 8 }, (_, sample) => deriveSeed(7, index, sample)),
    })),
    { ...options, eosTokenIds: new Set([0, 1, 2, 3]) },
  );
  const found: SampledSequence[] = [];
  while (!decoder.finished) found.push(...decoder.step());
  return found.map(({ request, tokenIds, logProbabilities }) => ({
    ...{ group: request, promptTokenIds: prompts[request] ?? [], tokenIds, advantage: 1, scored: true },
    oldLogProbabilities: logProbabilities,
  }));
}

for (const [dtype, most, mean] of [
  ["float32", 1e-5, 1e-6],
  ["bfloat16", 0.05, 0.005],
] as const) {
  test(`${dtype}: with an adapter the sampler's log-probabilities equal the trainer's`, () => {
    const live = liveTensors();
    const model = adaptedModel(3, dtype);
    model.trainable();
    const groups = sampleGroups(model).sort((a, b) => a.group - b.group);
    assert.ok(new Set(groups.map(({ tokenIds }) => tokenIds.length)).size > 1, "lengths differ");
    const sampled = groups.flatMap(({ oldLogProbabilities }) => [...oldLogProbabilities]);
    const scored = (): number[] => [
      ...scope(() => {
        const micro = packMicroBatch(groups, model);
        return scoreMicroBatch(model, micro, 0.9).logProbabilities.toNumbers();
      }),
    ];
    const differences = (values: readonly number[]): number[] =>
      values.map((value, index) => Math.abs(value - (sampled[index] as number)));
    const own = differences(scored());
    assert.ok(Math.max(...own) <= most, `${Math.max(...own)}`);
    assert.ok(own.reduce((sum, one) => sum + one, 0) / own.length <= mean);
    const without = differences(model.withAdapter(null, scored));
    assert.ok(Math.max(...without) > 0.3, "the adapter matters");
    model.dispose();
    assert.equal(liveTensors(), live);
  });

  test(`${dtype}: off, or fresh, an adapter leaves the base's numbers to the bit`, () => {
    const model = tinyModel(4, dtype);
    const base = hiddenOf(model);
    model.adapters.replaceActive("random", randomAdapter(model, 1));
    const changed = hiddenOf(model);
    assert.notDeepEqual(changed, base);
    assert.deepEqual(
      model.withAdapter(null, () => hiddenOf(model)),
      base,
    );
    assert.deepEqual(hiddenOf(model), changed, "and it is in force again");
    const fresh = { ...settings, targetModules: "all-linear" as const };
    model.adapters.replaceActive("fresh", freshAdapter(model.config, fresh, generator(1), dtype));
    assert.deepEqual(hiddenOf(model), base);
    model.dispose();
  });
}

test("bfloat16: an update too small for W to hold still counts", () => {
  scope(() => {
    const ones = torch.ones([1, 256], { dtype: "bfloat16" });
    const weight = torch.ones([1, 256], { dtype: "bfloat16" });
    const fill = (shape: number[], value: number): Tensor => torch.full(shape, value, { dtype: "bfloat16" });
    // Each element of B A is 2^-8 / 4: W would round to 1 again. Over 256 inputs the sum is 256 + 1/4 … of which bfloat16
    // keeps nothing, so that the base's part is taken away first.
    const balanced = torch.cat([weight.narrow(1, 0, 128), weight.narrow(1, 128, 128).neg()], 1);
    const module = { path: "m", layer: 0, projection: "down", start: 0, length: 1, inputs: 256 } as const;
    const part = { ...module, rank: 1, alpha: 1, rankStart: 0, scale: 1, loraB: fill([1, 1], 2 ** -10) };
    const output = adaptedLinear(ones, balanced, null, { loraA: fill([1, 256], 1), parts: [part] }, null);
    assert.equal(output.item(), 0.25);
    assert.ok(balanced.add(fill([1, 256], 2 ** -10)).equal(balanced), "W itself would not have held it");
  });
});

test("a fresh adapter is PEFT's: A within ±1/√inputs and spread, B zero, the same for every dtype of a seed", () => {
  scope(() => {
    const make = (dtype: Dtype): Adapter =>
      freshAdapter(tinyConfig, { ...settings, targetModules: ["q_proj", "down_proj"] }, generator(5), dtype);
    const adapter = make("float32");
    assert.equal(adapter.parameters().length, 2 * 4);
    for (const { name, tensor, shape } of adapter.matrices()) {
      if (name.includes("lora_B")) assert.equal(tensor.abs().max().item(), 0);
      else {
        const bound = 1 / Math.sqrt(shape[1] ?? 0);
        const largest = tensor.abs().max().item();
        assert.ok(largest <= bound && largest > 0.9 * bound, `${name}: ${largest} of ${bound}`);
        assert.ok(Math.abs(tensor.mean().item()) < 0.15 * bound);
      }
    }
    const rounded = make("bfloat16").parameters();
    adapter.parameters().forEach((tensor, index) => {
      assert.ok(tensor.to("bfloat16").equal(rounded[index] ?? assert.fail("missing")));
    });
    for (const one of rounded) one.dispose();
    adapter.dispose();
  });
});

test("several adapters are loaded by name, one of them in force or none", () => {
  const live = liveTensors();
  const model = tinyModel();
  const [one, two] = [randomAdapter(model, 1), randomAdapter(model, 2, { rank: 2 })];
  model.adapters.add("one", one);
  model.adapters.add("two", two);
  assert.deepEqual([model.adapters.names, model.adapters.activeName], [["one", "two"], null]);
  const by = (name: string | null): number[] => model.withAdapter(name, () => hiddenOf(model));
  assert.notDeepEqual(by("one"), by("two"));
  model.adapters.use("two");
  assert.deepEqual(hiddenOf(model), by("two"));
  assert.equal(
    model.withAdapter("one", () => model.parameters()[0]),
    one.parameters()[0],
  );
  model.trainable();
  assert.ok(two.parameters().every(({ requiresGrad }) => requiresGrad));
  assert.ok(![...one.parameters(), model.weights.embedding].some(({ requiresGrad }) => requiresGrad));

  assert.throws(() => model.adapters.add("one", two), AdapterNameError);
  assert.throws(
    () => model.withAdapter("three", () => 0),
    /no adapter "three" is loaded; there are: one, two/,
  );
  assert.throws(() => model.withAdapter("one", async () => 0), /synchronous/);
  assert.throws(() =>
    model.withAdapter("one", () => {
      throw new Error("inside");
    }),
  );
  assert.equal(model.adapters.activeName, "two", "the one before is back after a throw");
  model.adapters.remove("two");
  assert.equal(model.adapters.active, null);
  model.dispose();
  assert.equal(liveTensors(), live);
});

/** Loss and the adapter's gradients of one pass. */
function pass(model: Llama, seed: number | null, filters?: Filters): { loss: number; gradients: number[][] } {
  const loss = scope(() => {
    const forward = (): Tensor => {
      const batch = packSequences(sequences);
      const sources = sequences.flatMap((one, index) =>
        one.map((_, offset) => (batch.starts[index] ?? 0) + offset),
      );
      const hidden = model.hidden(batch);
      const scores = rowLogProbabilities(model, hidden, sources, sequences.flat(), 1, filters);
      return scores.logProbabilities.mean().neg();
    };
    const mean =
      seed === null ? forward() : model.adapters.dropping((path) => deriveSeed(seed, path), forward);
    mean.backward(); // after dropping() has ended
    return mean.item();
  });
  const gradients = scope(() =>
    model.parameters().map((parameter) => {
      const values = [...(parameter.grad ?? assert.fail("no gradient")).toNumbers()];
      parameter.grad = null;
      return values;
    }),
  );
  return { loss, gradients };
}

test("dropout: on only where it is asked for, another mask for another seed, the same again when recomputed", () => {
  const live = liveTensors();
  const model = adaptedModel(2, "float32", { dropout: 0.3 });
  model.trainable();
  const plain = pass(model, null);
  const dropped = pass(model, 1);
  assert.notEqual(dropped.loss, plain.loss);
  assert.deepEqual(pass(model, 1), dropped);
  assert.notEqual(pass(model, 2).loss, dropped.loss);
  model.recomputeActivations = true;
  assert.deepEqual(pass(model, 1), dropped, "recomputed: the same to the bit");
  assert.deepEqual(pass(model, null), plain);
  model.dispose();
  assert.equal(liveTensors(), live);
});

test("with filters the head's scores have gradients of the adapter alone", () => {
  const model = adaptedModel(2);
  model.trainable();
  const filtered = pass(model, null, { topK: 50, topP: 0.9, minP: 0 });
  assert.ok(filtered.gradients.every((one) => one.some((value) => value !== 0)));
  model.dispose();
});

test("values and gradients are those of the same formula in plain operators, dropout included", () => {
  scope(() => {
    const drawn = generator(9);
    const random = (...shape: number[]): Tensor =>
      torch.randn(shape, { generator: drawn, dtype: "float64" }).requiresGrad_();
    const [input, weight, bias, loraA] = [
      random(7, 6),
      random(9, 6).detach(),
      random(9).detach(),
      random(5, 6),
    ];
    const [first, second] = [random(4, 2), random(3, 3)];
    const shared = { layer: 0, projection: "gateUp", inputs: 6, alpha: 1 } as const;
    const parts = [
      { ...shared, path: "a", start: 0, length: 4, rank: 2, rankStart: 0, scale: 1.5, loraB: first },
      { ...shared, path: "b", start: 6, length: 3, rank: 3, rankStart: 2, scale: 0.5, loraB: second },
    ];
    const outer = random(7, 9).detach();
    for (const dropout of [null, new AdapterDropout(0.4, (path) => deriveSeed(path))]) {
      const plain = linear(input, weight, bias).clone();
      const deltas = parts.map(({ path, rank, rankStart, scale, loraB }) => {
        const own = dropout === null ? input : input.mul(dropout.mask(path, input));
        return linear(linear(own, loraA.narrow(0, rankStart, rank)), loraB).mul(scale);
      });
      const [a, b] = deltas as [Tensor, Tensor];
      const expected = plain.add(torch.cat([a, torch.zeros([7, 2], { dtype: "float64" }), b], 1));
      const found = adaptedLinear(input, weight, bias, { loraA, parts }, dropout);
      assert.ok(found.allclose(expected, { rtol: 1e-12, atol: 1e-12 }));
      const leaves = [input, loraA, first, second];
      const [wanted, own] = [expected, found].map((output) => grad(output, leaves, { gradOutputs: [outer] }));
      leaves.forEach((_, index) => {
        const [one, other] = [own?.[index] as Tensor, wanted?.[index] as Tensor];
        assert.ok(one.allclose(other, { rtol: 1e-11, atol: 1e-11 }), `gradient ${index}`);
      });
    }
    const mask = new AdapterDropout(0.4, () => 3n).mask("a", torch.empty([200, 100], {}));
    const kept = mask.ne(0).to("float32").mean().item();
    assert.ok(Math.abs(kept - 0.6) < 0.02, `${kept} kept`);
    assert.ok(Math.abs(mask.max().item() - 1 / 0.6) < 1e-6);
  });
});
