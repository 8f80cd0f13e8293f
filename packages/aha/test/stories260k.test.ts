/** The story model of llama2.c: 200 greedy steps, byte for byte, through the cache and without it. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { noGrad, scope, setThreads } from "@aha/torch";
import { Llama } from "../src/models/llama.ts";
import { weightsFromArrays } from "../src/models/llama-weights.ts";
import { packSequences } from "../src/models/ragged-batch.ts";
import { Decoder } from "../src/rollout/decoder.ts";
import { findStories260k, readStories260k } from "./helpers/stories260k.ts";

// Operators this small only wait for each other when they are spread over threads.
setThreads(1);

const folder = findStories260k();
const skip = folder === null ? "no ../shared/data/models/stories260k" : false;
const frozen = JSON.parse(readFileSync(join(import.meta.dirname, "fixtures/stories260k.json"), "utf8")) as {
  readonly prompt: readonly number[];
  readonly greedy: readonly number[];
};

function open(dtype: "float32" | "bfloat16" = "float32"): Llama {
  const { config, weights } = readStories260k(folder ?? "");
  const arrays = new Map([...weights].map(([name, { values }]) => [name, values]));
  return new Llama(config, weightsFromArrays(config, arrays, dtype));
}

function greedy(model: Llama, steps: number): number[] {
  const decoder = new Decoder(model, [{ promptTokenIds: frozen.prompt, seeds: [0n] }], {
    temperature: 0,
    topP: 1,
    topK: 0,
    minP: 0,
    maxNewTokens: steps,
    eosTokenIds: new Set(),
    capacity: 1,
  });
  const ids: number[] = [];
  while (!decoder.finished) for (const { tokenIds } of decoder.step()) ids.push(...tokenIds);
  return ids;
}

test("200 greedy steps give the known story, byte for byte", { skip }, () => {
  const model = open();
  const ids = greedy(model, 200);
  assert.deepEqual(ids, frozen.greedy);
  const { decode, expectedText } = readStories260k(folder ?? "");
  assert.deepEqual(Buffer.from(decode(ids)), Buffer.from(expectedText));
  model.dispose();
});

test("one forward pass over all 200 predicts each of them", { skip }, () => {
  const model = open();
  scope(() =>
    noGrad(() => {
      const sequence = [...frozen.prompt, ...frozen.greedy.slice(0, -1)];
      const hidden = model.hidden(packSequences([sequence])).narrow(0, 0, sequence.length);
      const logits = model.logits(hidden);
      assert.deepEqual(Array.from(logits.argmax(1).toNumbers()), frozen.greedy);
    }),
  );
  model.dispose();
});

test("in bfloat16 the story begins the same", { skip }, () => {
  const model = open("bfloat16");
  assert.deepEqual(greedy(model, 12), frozen.greedy.slice(0, 12));
  model.dispose();
});
