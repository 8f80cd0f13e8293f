/** Configurations of a folder: read in the old form and the new, written back, and refused by field. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ModelFolderError } from "./errors.ts";
import { formatGenerationConfig, parseGenerationConfig, readGenerationConfig } from "./generation-config.ts";
import { formatModelConfig, type ModelConfig, parseModelConfig, readModelConfig } from "./model-config.ts";
import { writeFolder } from "./write-folder.ts";

const old = {
  architectures: ["LlamaForCausalLM"],
  model_type: "llama",
  vocab_size: 49152,
  hidden_size: 576,
  num_hidden_layers: 30,
  num_attention_heads: 9,
  num_key_value_heads: 3,
  intermediate_size: 1536,
  max_position_embeddings: 8192,
  rms_norm_eps: 1e-5,
  rope_theta: 100000,
  rope_scaling: null,
  tie_word_embeddings: true,
  torch_dtype: "bfloat16",
  eos_token_id: [2, 0],
  bos_token_id: 1,
  pad_token_id: -1,
};

const expected: ModelConfig = {
  family: "llama",
  vocabularySize: 49152,
  hiddenSize: 576,
  layers: 30,
  heads: 9,
  keyValueHeads: 3,
  headDimension: 64,
  intermediateSize: 1536,
  maxPositions: 8192,
  normEpsilon: 1e-5,
  ropeTheta: 100000,
  ropeScaling: null,
  tieEmbeddings: true,
  initializerRange: 0.02,
  dtype: "bfloat16",
  bosTokenId: 1,
  eosTokenIds: [2, 0],
  padTokenId: null,
};

test("the old form and the new give the same model", () => {
  assert.deepEqual(parseModelConfig(old), expected);
  const { rope_theta: rope, rope_scaling: _, torch_dtype: dtype, ...rest } = old;
  const recent = { ...rest, dtype, rope_parameters: { rope_theta: rope, rope_type: "default" } };
  assert.deepEqual(parseModelConfig(recent), expected);
  assert.deepEqual(parseModelConfig(formatModelConfig(expected)), expected);
});

test("every family and every scaling of the positions is written as it was read", () => {
  const scalings: Record<string, unknown>[] = [
    { type: "linear", factor: 2 },
    {
      rope_type: "llama3",
      factor: 8,
      low_freq_factor: 1,
      high_freq_factor: 4,
      original_max_position_embeddings: 8192,
    },
    { rope_type: "yarn", factor: 4, original_max_position_embeddings: 32768, mscale: 1, mscale_all_dim: 1 },
  ];
  for (const model_type of ["llama", "qwen2", "qwen3"]) {
    for (const rope_scaling of scalings) {
      const config = parseModelConfig({ ...old, model_type, rope_scaling });
      assert.equal(config.family, model_type);
      assert.equal(config.ropeScaling?.factor, rope_scaling.factor);
      assert.deepEqual(parseModelConfig(formatModelConfig(config)), config);
      const { rope_scaling: _, ...recent } = formatModelConfig(config);
      assert.deepEqual(parseModelConfig(recent), config);
    }
  }
  assert.equal(parseModelConfig({ ...old, model_type: "qwen3" }).headDimension, 128, "Qwen3's default");
});

test("absent fields take Llama's defaults", () => {
  const config = parseModelConfig({
    model_type: "llama",
    vocab_size: 32,
    hidden_size: 16,
    num_hidden_layers: 1,
    num_attention_heads: 4,
    intermediate_size: 32,
    eos_token_id: 5,
  });
  assert.equal(config.keyValueHeads, 4);
  assert.equal(config.headDimension, 4);
  assert.equal(config.ropeTheta, 10000);
  assert.equal(config.tieEmbeddings, false);
  assert.equal(config.dtype, "float32");
  assert.deepEqual(config.eosTokenIds, [5]);
});

const unsupported: [string, Record<string, unknown>][] = [
  ["model_type", { model_type: "mistral" }],
  ["hidden_act", { hidden_act: "gelu" }],
  ["attention_bias", { attention_bias: true }],
  ["mlp_bias", { mlp_bias: true }],
  ["rope_scaling.rope_type", { rope_scaling: { rope_type: "dynamic", factor: 8 } }],
  ["rope_scaling.rope_type", { rope_scaling: { type: "longrope", factor: 2 } }],
  ["rope_scaling.low_freq_factor", { rope_scaling: { rope_type: "llama3", factor: 8, high_freq_factor: 4 } }],
  ["rope_parameters.factor", { rope_parameters: { rope_type: "yarn", rope_theta: 1 } }],
  ["use_sliding_window", { model_type: "qwen2", use_sliding_window: true, sliding_window: 4096 }],
  ["layer_types", { model_type: "qwen3", layer_types: ["sliding_attention"] }],
  ["partial_rotary_factor", { partial_rotary_factor: 0.5 }],
  ["quantization_config", { quantization_config: { quant_method: "gptq" } }],
  ["torch_dtype", { torch_dtype: "int8" }],
  ["vocab_size", { vocab_size: 0 }],
  ["hidden_size", { hidden_size: "576" }],
  ["num_key_value_heads", { num_key_value_heads: 2 }],
  ["head_dim", { head_dim: 63 }],
  ["eos_token_id", { eos_token_id: "</s>" }],
];
for (const [field, change] of unsupported) {
  test(`refused by name: ${field}`, () => {
    assert.throws(
      () => parseModelConfig({ ...old, ...change }, "folder/config.json"),
      (error: unknown) =>
        error instanceof ModelFolderError &&
        error.message.startsWith("folder/config.json") &&
        error.message.includes(field),
    );
  });
}

test("every end-of-sequence id of both files counts", () => {
  const generation = parseGenerationConfig({ eos_token_id: [7, 2], temperature: 0.6, top_p: 0.95 }, expected);
  assert.deepEqual(generation.eosTokenIds, [0, 2, 7]);
  assert.equal(generation.bosTokenId, 1);
  assert.equal(generation.temperature, 0.6);
  assert.deepEqual(parseGenerationConfig(formatGenerationConfig(generation), expected), generation);
  assert.equal(formatGenerationConfig(generation).do_sample, true);
  const bare = parseGenerationConfig({}, { eosTokenIds: [3], bosTokenId: null, padTokenId: null });
  assert.deepEqual(formatGenerationConfig(bare), { eos_token_id: 3 });
  assert.throws(() => parseGenerationConfig({ top_p: 2 }, expected), /top_p/);
});

test("a folder written is a folder read, its tokenizer copied byte for byte", () => {
  const place = mkdtempSync(join(tmpdir(), "aha-folder-"));
  const source = join(place, "source");
  mkdirSync(source);
  const tokenizer = '{"odd"  : "layout"}';
  writeFileSync(join(source, "tokenizer.json"), tokenizer);
  writeFileSync(join(source, "notes.txt"), "not a tokenizer's");
  const generation = parseGenerationConfig({ eos_token_id: 9 }, expected);
  const card = { title: "Test", description: "A test.", license: "mit" };
  const folder = join(place, "written");
  writeFolder(folder, { config: expected, generation, tokenizerFolder: source, card });
  assert.deepEqual(readModelConfig(folder), expected);
  assert.deepEqual(readGenerationConfig(folder, expected), generation);
  assert.equal(readFileSync(join(folder, "tokenizer.json"), "utf8"), tokenizer);
  assert.match(readFileSync(join(folder, "README.md"), "utf8"), /^---\n.*license: "mit".*# Test/s);
  assert.equal(existsSync(join(folder, "notes.txt")), false);
  const without = { config: expected, generation, tokenizerFolder: place, card };
  assert.throws(() => writeFolder(join(place, "third"), without), /tokenizer.json/);
  assert.throws(() => readModelConfig(place), /config\.json: expected this file, found none/);
});
