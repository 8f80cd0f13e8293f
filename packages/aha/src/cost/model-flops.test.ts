/** Operations against PyTorch's own counter, against counts by hand, and against published figures. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { type DecoderConfig, parseDecoderConfig } from "../folder/decoder-config.ts";
import { publishedShape } from "../folder/published-shapes.ts";
import {
  cachedPerToken,
  causalPairs,
  decodeFlops,
  forwardFlops,
  parameterCounts,
  trainingFlops,
} from "./model-flops.ts";

interface Frozen {
  readonly config: Readonly<Record<string, unknown>>;
  readonly parameters: number;
  readonly forward: number;
  readonly forwardAndBackward: number;
  readonly decode: number;
}
const frozen: { batch: number; tokens: number; models: Record<string, Frozen> } = JSON.parse(
  readFileSync(new URL("../../test/fixtures/flops.json", import.meta.url), "utf8"),
);
const plain = { adapterParameters: 0, recomputed: false, predictsAhead: false };

function published(id: string): DecoderConfig {
  const config = publishedShape(id);
  assert.ok(config !== null, id);
  return config;
}

for (const [name, expected] of Object.entries(frozen.models)) {
  test(`${name}: parameters and operations are PyTorch's`, () => {
    const config = parseDecoderConfig(expected.config, name);
    const { batch, tokens: length } = frozen;
    const tokens = batch * length;
    // The reference computes every pair, past and future.
    const size = { tokens, pairs: tokens * length, headRows: tokens };
    assert.equal(parameterCounts(config).total, expected.parameters);
    assert.equal(forwardFlops(config, size), expected.forward);
    assert.equal(trainingFlops(config, size, plain), expected.forwardAndBackward);
    if (config.family === "deepseek_v3") return; // its decoding there has no cache of latents
    assert.equal(decodeFlops(config, { tokens: batch, pairs: batch * (length + 1) }), expected.decode);
  });
}

test("causal pairs: each token sees itself and all before it", () => {
  let byHand = 0;
  for (let token = 0; token < 5; token++) byHand += 3 + token + 1;
  assert.equal(causalPairs(3, 5), byHand);
  assert.equal(causalPairs(0, 1), 1);
});

test("DeepSeek-V3: 671B parameters, 37B active, 250 GFLOP a trained token, 70 KB of cache", () => {
  const config = published("deepseek-ai/DeepSeek-V3");
  const { total, active } = parameterCounts(config);
  // The published count is of the files, with a selection bias for each expert, which is not trained.
  assert.equal(total + 58 * 256, 671_026_419_200);
  assert.equal(Math.floor(active / 1e9), 37);
  // "Insights into DeepSeek-V3" (2025), table 2: 250 GFLOPS a token at length 4,096.
  const length = 4096;
  const size = { tokens: length, pairs: causalPairs(0, length), headRows: length };
  const perToken = trainingFlops(config, size, plain) / length / 1e9;
  assert.ok(Math.abs(perToken - 250) < 1, `${perToken}`);
  // The same paper, table 1: 70.272 KB a token in bfloat16.
  assert.equal((cachedPerToken(config) * 2) / 1000, 70.272);
});

test("absorbed latent attention, by hand", () => {
  const config = parseDecoderConfig(
    { ...frozen.models.deepseek?.config, num_hidden_layers: 1, first_k_dense_replace: 1 },
    "by hand",
  );
  const [hidden, heads, plainPart, rotated, value, queryRank, latent, inner, words] = [
    32, 4, 12, 8, 10, 20, 16, 40, 64,
  ] as const;
  const queries = hidden * queryRank + queryRank * heads * (plainPart + rotated);
  const intoLatent = hidden * (latent + rotated);
  const absorbed = heads * plainPart * latent + heads * latent * value;
  const output = heads * value * hidden;
  const scores = 7 * heads * (latent + rotated) + 7 * heads * latent;
  const rest = 3 * hidden * inner + hidden * words;
  const byHand = 2 * (queries + intoLatent + absorbed + output + scores + rest);
  assert.equal(decodeFlops(config, { tokens: 1, pairs: 7 }), byHand);
});

test("recomputation adds the layers once more, an adapter spares the weights' gradients", () => {
  const config = published("Qwen/Qwen2.5-0.5B");
  const size = { tokens: 100, pairs: causalPairs(0, 100), headRows: 100 };
  const layers = forwardFlops(config, { ...size, headRows: 0 });
  const full = trainingFlops(config, size, plain);
  assert.equal(trainingFlops(config, size, { ...plain, recomputed: true }), full + layers);
  const adapted = trainingFlops(config, size, { ...plain, adapterParameters: 1000 });
  const withoutPairs = { ...size, pairs: 0 };
  const attention = forwardFlops(config, size) - forwardFlops(config, withoutPairs);
  assert.equal(adapted, 2 * forwardFlops(config, withoutPairs) + 3 * attention + 6 * 1000 * 100);
});

test("published sizes of the students", () => {
  for (const [id, billions] of [
    ["Qwen/Qwen2.5-Math-1.5B", 1.54],
    ["Qwen/Qwen2.5-Math-7B", 7.62],
    ["Qwen/Qwen2.5-14B", 14.77],
    ["Qwen/Qwen2.5-32B", 32.76],
    ["meta-llama/Llama-3.1-8B", 8.03],
    ["meta-llama/Llama-3.3-70B-Instruct", 70.55],
  ] as const) {
    assert.equal((parameterCounts(published(id)).total / 1e9).toFixed(2), billions.toFixed(2), id);
  }
});
