/** The story model's conversion: names, shapes, and the text of its known greedy ids. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { findStories260k, readStories260k } from "./stories260k.ts";

const folder = findStories260k();
const skip = folder === null ? "no ../shared/data/models/stories260k" : false;

test("the checkpoint reads as a Llama of 260,032 parameters with a tied head", { skip }, () => {
  const { config, weights } = readStories260k(folder ?? "");
  assert.deepEqual([config.hiddenSize, config.layers, config.heads, config.keyValueHeads], [64, 5, 8, 4]);
  assert.equal(config.vocabularySize, 512);
  assert.equal(config.tieEmbeddings, true);
  assert.equal(weights.size, 2 + 9 * config.layers);
  const parameters = [...weights.values()].reduce((sum, { values }) => sum + values.length, 0);
  assert.equal(parameters, 260_032);
  assert.deepEqual(weights.get("model.layers.4.self_attn.k_proj.weight")?.shape, [32, 64]);
});

test("the frozen greedy ids read as the known text, byte for byte", { skip }, () => {
  const frozen: { greedy: number[] } = JSON.parse(
    readFileSync(join(import.meta.dirname, "../fixtures/stories260k.json"), "utf8"),
  );
  const { decode, expectedText } = readStories260k(folder ?? "");
  assert.equal(frozen.greedy.length, 200);
  assert.equal(decode(frozen.greedy), expectedText);
});
