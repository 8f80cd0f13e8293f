/** Continuous batching: the same answers as one at a time, whoever else is there; prefixes; cancelling; nothing left behind. */
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { after, test } from "node:test";
import { generator, liveTensors, noGrad, scope } from "@aha/torch";
import { frozenDeepseek, openDeepseek } from "../../test/helpers/deepseek-fixtures.ts";
import { temporaryFolder, tinyModel, writeWorldTokenizer } from "../../test/helpers/tiny-model.ts";
import { freshAdapter } from "../lora/adapter.ts";
import type { LanguageModel } from "../models/language-model.ts";
import { Decoder } from "../rollout/decoder.ts";
import { Engine } from "./engine.ts";
import type { SequenceEvent, SequenceRequest } from "./sequence-request.ts";

const folder = temporaryFolder("engine");
after(() => rmSync(folder, { recursive: true }));
const tokenizer = writeWorldTokenizer(folder);
const eosTokenIds = new Set([0]);

const plain = {
  ...{ temperature: 1, topP: 1, topK: 0, minP: 0 },
  ...{ frequencyPenalty: 0, presencePenalty: 0, logitBias: [] },
};
function request(
  id: number,
  prompt: string | readonly number[],
  changes: Partial<SequenceRequest> = {},
): SequenceRequest {
  return {
    id,
    adapter: null,
    promptTokenIds: typeof prompt === "string" ? tokenizer.encode(prompt) : prompt,
    seed: BigInt(100 + id),
    sampling: plain,
    maxNewTokens: 12,
    stops: [],
    ignoreEndOfSequence: false,
    topLogProbabilities: null,
    scorePrompt: false,
    reasoning: null,
    reusePrefix: true,
    ...changes,
  };
}
const greedy = { ...plain, temperature: 0 };

interface Result {
  readonly tokenIds: number[];
  readonly events: SequenceEvent[];
  readonly text: string;
  readonly reasoning: string;
  readonly finish: string | undefined;
}
/** Runs until all have ended; `between` is called before each step. */
function run(engine: Engine, between: (step: number) => void = () => {}): Map<number, Result> {
  const events: SequenceEvent[] = [];
  for (let step = 0; engine.busy || step < 1; step++) {
    between(step);
    events.push(...engine.step());
    assert.ok(step < 2000, "the engine does not come to an end");
  }
  return new Map(
    [...new Set(events.map(({ id }) => id))].map((id) => {
      const own = events.filter((event) => event.id === id);
      return [
        id,
        {
          events: own,
          tokenIds: own.flatMap((event) => event.tokenIds),
          text: own.map((event) => event.text).join(""),
          reasoning: own.map((event) => event.reasoning).join(""),
          finish: own.at(-1)?.finish,
        },
      ];
    }),
  );
}
/** The tokens that each request gets on an engine of its own. */
function alone(model: LanguageModel, one: SequenceRequest): Result {
  const engine = new Engine(model, tokenizer, { eosTokenIds, rows: 1, positions: 128 });
  engine.submit(one);
  const result = run(engine).get(one.id) ?? assert.fail("no result");
  engine.dispose();
  return result;
}

test("sequences that join and leave a batch get the tokens of the rollout's decoder, and its seeds mean the same", () => {
  const before = liveTensors();
  const model = tinyModel();
  const prompts = [
    "User: Make 24 from 3, 8, 1.",
    "a",
    "User: 5 + 5?",
    "Make 7 from 1, 2, 3, 4, 5, 6, 7, 8, 9.",
  ];
  const engine = new Engine(model, tokenizer, { eosTokenIds, rows: 3, positions: 128 });
  const settings = [
    plain,
    greedy,
    { ...plain, topP: 0.8, topK: 20 },
    { ...plain, minP: 0.05, temperature: 0.7 },
  ];
  const requests = Array.from({ length: 12 }, (_, id) =>
    request(id, prompts[id % 4] as string, {
      sampling: settings[id % 3] ?? plain,
      maxNewTokens: 4 + 3 * (id % 5),
    }),
  );
  // Three at once, the others one by one while these run.
  const found = run(engine, (step) => {
    if (step === 0) for (const one of requests.slice(0, 3)) engine.submit(one);
    const later = requests[step + 2];
    if (step > 0 && later !== undefined) engine.submit(later);
  });
  for (const one of requests) {
    const { temperature, topP, topK, minP } = one.sampling;
    const decoder = new Decoder(model, [{ promptTokenIds: one.promptTokenIds, seeds: [one.seed] }], {
      ...{ temperature, topP, topK, minP, eosTokenIds, capacity: 1 },
      maxNewTokens: one.maxNewTokens,
    });
    let expected: readonly number[] = [];
    while (!decoder.finished) for (const { tokenIds } of decoder.step()) expected = tokenIds;
    assert.deepEqual(found.get(one.id)?.tokenIds, expected, `request ${one.id}`);
    assert.equal(found.get(one.id)?.finish, eosTokenIds.has(expected.at(-1) as number) ? "stop" : "length");
  }
  engine.dispose();
  model.dispose();
  assert.equal(liveTensors(), before, "nothing is left alive");
});

test("log-probabilities are bit for bit the same alone and among neighbours, in float32 and bfloat16", () => {
  for (const dtype of ["float32", "bfloat16"] as const) {
    // One layer of a real width: narrow products come out the same whatever the number of rows.
    const shape = { hiddenSize: 576, intermediateSize: 1536, heads: 9, keyValueHeads: 3, headDimension: 64 };
    const model = tinyModel(4, dtype, { ...shape, layers: 1, maxPositions: 600, initializerRange: 0.05 });
    const long = Array.from({ length: 150 }, (_, index) => 1 + ((index * 37) % 380));
    const one = request(0, long, { topLogProbabilities: 3, maxNewTokens: 20 });
    const neighbours = Array.from({ length: 40 }, (_, index) =>
      request(index + 1, long.slice(index), { maxNewTokens: 30 + index, ignoreEndOfSequence: true }),
    );
    const expected = (() => {
      const engine = new Engine(model, tokenizer, { eosTokenIds, rows: 1, positions: 600 });
      engine.submit(one);
      const result = run(engine).get(0);
      engine.dispose();
      return result;
    })();
    const engine = new Engine(model, tokenizer, { eosTokenIds, rows: 40, positions: 600 });
    for (const other of neighbours.slice(0, 35)) engine.submit(other);
    const found = run(engine, (step) => {
      if (step === 26) engine.submit(one);
      if (step === 27) for (const other of neighbours.slice(35)) engine.submit(other);
    });
    const scores = (result: Result | undefined) => result?.events.flatMap((event) => event.scores ?? []);
    assert.equal(scores(found.get(0))?.length, expected?.tokenIds.length);
    assert.deepEqual(scores(found.get(0)), scores(expected), dtype);
    engine.dispose();
    model.dispose();
  }
});

test("a shared beginning is computed once, and changes nothing", () => {
  const model = tinyModel(2, "float32", { maxPositions: 600 });
  const system = Array.from({ length: 260 }, (_, index) => 1 + ((index * 53) % 380));
  const engine = new Engine(model, tokenizer, { eosTokenIds, rows: 4, positions: 600 });
  const score = { topLogProbabilities: 2, maxNewTokens: 8 };
  const asked: SequenceRequest[] = [];
  const ask = (
    id: number,
    prompt: readonly number[],
    changes: Partial<SequenceRequest> = {},
  ): SequenceRequest => {
    const one = request(id, prompt, { ...score, ...changes });
    asked.push(one);
    engine.submit(one);
    return one;
  };
  ask(0, [...system, 5, 6, 7]);
  ask(1, [...system, 5, 6, 7]); // while the first is still being computed
  ask(2, [...system, 9, 9]);
  ask(3, [...system, 9, 9], { reusePrefix: false });
  const found = run(engine);
  ask(4, [...system.slice(0, 200), 1]);
  ask(5, [...system, 5, 6, 7]);
  const later = run(engine);
  const reused = [...found, ...later].map(([id, { events }]) => [id, events[0]?.reusedTokens]);
  assert.deepEqual(Object.fromEntries(reused), { 0: 0, 1: 263, 2: 256, 3: 0, 4: 128, 5: 263 });
  for (const one of asked) {
    const fresh = new Engine(model, tokenizer, { eosTokenIds, rows: 1, positions: 600 });
    fresh.submit(one);
    const expected = run(fresh).get(one.id);
    const result = found.get(one.id) ?? later.get(one.id);
    assert.deepEqual(
      result?.events.flatMap(({ scores }) => scores ?? []),
      expected?.events.flatMap(({ scores }) => scores ?? []),
      `request ${one.id}`,
    );
    fresh.dispose();
  }
  engine.dispose();
  model.dispose();
});

test("DeepSeek-V3's latents serve in batches too: transformers' greedy tokens, prompts in pieces", () => {
  for (const [name, { cases }] of Object.entries(frozenDeepseek.models)) {
    const model = openDeepseek(name);
    const engine = new Engine(model, tokenizer, { eosTokenIds: new Set(), rows: 3, positions: 64 });
    const requests = cases.map(({ inputIds, greedy: { length } }, id) =>
      request(id, inputIds, { sampling: greedy, maxNewTokens: length }),
    );
    for (const one of requests) engine.submit(one);
    const found = run(engine);
    cases.forEach((frozen, id) => {
      assert.deepEqual(found.get(id)?.tokenIds, frozen.greedy, `${name}, case ${id}`);
    });
    // Again: now out of what the rows still hold.
    for (const one of requests.slice(0, 2)) engine.submit(one);
    for (const [id, { tokenIds }] of run(engine)) assert.deepEqual(tokenIds, cases[id]?.greedy);
    engine.dispose();
    model.dispose();
  }
});

test("each sequence has its adapter: a batch of base and two adapters gives what each gives alone", () => {
  const model = tinyModel(3);
  for (const [name, seed] of [
    ["left", 5],
    ["right", 6],
  ] as const) {
    const settings = { base: null, rank: 4, alpha: 32, dropout: 0, rankStabilised: false };
    const adapter = freshAdapter(
      model.config,
      { ...settings, targetModules: "all-linear" },
      generator(seed),
      "float32",
    );
    scope(() =>
      noGrad(() => {
        for (const { tensor, name: key } of adapter.matrices())
          if (key.includes("lora_B")) tensor.normal_(0, 0.3, { generator: generator(seed) });
      }),
    );
    model.adapters.add(name, adapter);
  }
  const prompt = "User: Make 24 from 3, 8, 1.";
  const requests = [null, "left", "right", "left", null].map((adapter, id) =>
    request(id, prompt, { adapter, sampling: greedy }),
  );
  const engine = new Engine(model, tokenizer, { eosTokenIds, rows: 5, positions: 128 });
  for (const one of requests) engine.submit(one);
  const found = run(engine);
  for (const one of requests) assert.deepEqual(found.get(one.id)?.tokenIds, alone(model, one).tokenIds);
  const texts = [0, 1, 2].map((id) => JSON.stringify(found.get(id)?.tokenIds));
  assert.equal(new Set(texts).size, 3, "the adapters change something");
  assert.throws(() => engine.submit(request(9, prompt, { adapter: "none such" })), /no adapter "none such"/);
  engine.dispose();
  model.dispose();
});

test("log-probabilities, of the prompt too, are those of scoring; biases and penalties change what is drawn", () => {
  const model = tinyModel();
  const one = request(0, "User: Make 24.", { topLogProbabilities: 4, scorePrompt: true, sampling: greedy });
  const { events, tokenIds } = alone(model, one);
  const promptScores = events[0]?.promptScores ?? [];
  assert.equal(promptScores.length, one.promptTokenIds.length);
  assert.equal(promptScores[0]?.logProbability, null);
  // The prompt with the answer as one prompt scores the answer as it was scored while it was drawn.
  const again = alone(
    model,
    request(1, [...one.promptTokenIds, ...tokenIds], {
      ...{ topLogProbabilities: 4, scorePrompt: true, maxNewTokens: 0 },
    }),
  );
  assert.deepEqual(again.tokenIds, []);
  assert.equal(again.finish, "length");
  const all = [...promptScores, ...events.flatMap(({ scores }) => scores ?? [])];
  all.forEach(({ tokenId, logProbability, top }, place) => {
    const other = again.events[0]?.promptScores?.[place];
    assert.equal(other?.tokenId, tokenId);
    assert.ok(Math.abs((other?.logProbability ?? 0) - (logProbability ?? 0)) < 1e-4);
    if (place === 0) return;
    assert.equal(top.length, 4);
    assert.ok(top.every(([, value], index) => index === 0 || value <= (top[index - 1]?.[1] ?? 0)));
    if (place >= promptScores.length) assert.deepEqual(top[0], [tokenId, logProbability]);
  });
  const [first] = tokenIds;
  const biased = alone(
    model,
    request(2, one.promptTokenIds, {
      sampling: {
        ...greedy,
        logitBias: [
          [first as number, -100],
          [77, 100],
        ],
      },
      maxNewTokens: 3,
    }),
  );
  assert.deepEqual(biased.tokenIds, [77, 77, 77]);
  const penalised = alone(
    model,
    request(3, one.promptTokenIds, {
      sampling: { ...greedy, logitBias: [[77, 100]], presencePenalty: 2, frequencyPenalty: 200 },
      maxNewTokens: 2,
    }),
  );
  assert.equal(penalised.tokenIds[0], 77);
  assert.notEqual(penalised.tokenIds[1], 77);
  model.dispose();
});

test("cancelled sequences leave at once, whatever they were doing, and their rows serve others", () => {
  const before = liveTensors();
  const model = tinyModel(1, "float32", { maxPositions: 600 });
  const engine = new Engine(model, tokenizer, { eosTokenIds, rows: 2, positions: 600 });
  const idle = liveTensors();
  const long = Array.from({ length: 500 }, (_, index) => 1 + (index % 380));
  engine.submit(request(0, "a", { maxNewTokens: 100, ignoreEndOfSequence: true })); // is decoded
  engine.submit(request(1, long)); // is being computed
  engine.submit(request(2, "b")); // waits
  engine.step();
  assert.deepEqual([engine.statistics.active, engine.statistics.waiting], [1, 2]);
  for (const id of [0, 1, 2]) engine.cancel(id);
  assert.equal(engine.busy, false);
  engine.submit(request(3, "a", { sampling: greedy }));
  const { tokenIds } = run(engine).get(3) ?? assert.fail("no result");
  assert.deepEqual(tokenIds, alone(model, request(3, "a", { sampling: greedy })).tokenIds);
  // The logits after the prompts of two rows are all that stays.
  assert.ok(liveTensors() <= idle + 2);
  engine.dispose();
  model.dispose();
  assert.equal(liveTensors(), before);
});

test("refuses what cannot be completed", () => {
  const model = tinyModel();
  const engine = new Engine(model, tokenizer, { eosTokenIds, rows: 1, positions: 32 });
  assert.throws(() => engine.submit(request(0, [])), /no tokens/);
  assert.throws(() => engine.submit(request(0, [400])), /token id 400/);
  assert.throws(() => engine.submit(request(0, [1, 2], { maxNewTokens: 31 })), /33 together/);
  engine.dispose();
  model.dispose();
});
