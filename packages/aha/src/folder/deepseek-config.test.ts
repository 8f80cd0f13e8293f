/** DeepSeek-V3's configuration: the published one, ours both ways, and refusals by the field's name. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { formatDeepseekConfig, parseDeepseekConfig } from "./deepseek-config.ts";
import { ModelFolderError } from "./errors.ts";

/** The fields of the published model (deepseek-ai/DeepSeek-V3) that say what it computes. */
const published = {
  architectures: ["DeepseekV3ForCausalLM"],
  attention_bias: false,
  aux_loss_alpha: 0.001,
  bos_token_id: 0,
  eos_token_id: 1,
  ep_size: 1,
  first_k_dense_replace: 3,
  hidden_act: "silu",
  hidden_size: 7168,
  intermediate_size: 18432,
  kv_lora_rank: 512,
  max_position_embeddings: 163840,
  model_type: "deepseek_v3",
  moe_intermediate_size: 2048,
  moe_layer_freq: 1,
  n_group: 8,
  n_routed_experts: 256,
  n_shared_experts: 1,
  norm_topk_prob: true,
  num_attention_heads: 128,
  num_experts_per_tok: 8,
  num_hidden_layers: 61,
  num_key_value_heads: 128,
  num_nextn_predict_layers: 1,
  q_lora_rank: 1536,
  qk_nope_head_dim: 128,
  qk_rope_head_dim: 64,
  quantization_config: {
    activation_scheme: "dynamic",
    fmt: "e4m3",
    quant_method: "fp8",
    weight_block_size: [128, 128],
  },
  rms_norm_eps: 1e-6,
  rope_scaling: {
    beta_fast: 32,
    beta_slow: 1,
    factor: 40,
    mscale: 1.0,
    mscale_all_dim: 1.0,
    original_max_position_embeddings: 4096,
    type: "yarn",
  },
  rope_theta: 10000,
  routed_scaling_factor: 2.5,
  scoring_func: "sigmoid",
  seq_aux: true,
  tie_word_embeddings: false,
  topk_group: 4,
  topk_method: "noaux_tc",
  torch_dtype: "bfloat16",
  v_head_dim: 128,
  vocab_size: 129280,
};

test("the published configuration is read whole, and comes back from what is written", () => {
  const config = parseDeepseekConfig(published);
  assert.equal(config.latentRank + config.headDimension, 576);
  assert.equal(config.queryRank, 1536);
  assert.equal(config.interleavedRotary, true);
  assert.equal(config.ropeScaling?.type, "yarn");
  assert.deepEqual(config.blocks, { rows: 128, columns: 128 });
  const written = formatDeepseekConfig(config);
  assert.ok(!("quantization_config" in written), "what is saved is dequantised");
  assert.deepEqual(parseDeepseekConfig(JSON.parse(JSON.stringify(written))), { ...config, blocks: null });
});

const refusals: readonly (readonly [Record<string, unknown>, RegExp])[] = [
  [{ scoring_func: "softmax" }, /"scoring_func" is not supported/],
  [{ topk_method: "greedy" }, /"topk_method" is not supported/],
  [{ attention_bias: true }, /"attention_bias" is not supported/],
  [{ hidden_act: "gelu" }, /"hidden_act" is not supported/],
  [{ num_nextn_predict_layers: 2 }, /"num_nextn_predict_layers" is not supported/],
  [{ moe_layer_freq: 2 }, /"moe_layer_freq" is not supported/],
  [{ quantization_config: { quant_method: "awq" } }, /"quantization_config.quant_method" is not supported/],
  [{ model_type: "deepseek_v2" }, /"model_type" is not supported/],
  [{ rope_scaling: { type: "dynamic", factor: 2 } }, /"rope_scaling.rope_type" is not supported/],
  [{ n_group: 7 }, /n_group 7 does not divide n_routed_experts 256/],
  [{ n_group: 256 }, /judged by their best two/],
  [{ topk_group: 9 }, /topk_group 9 is more than n_group 8/],
  [{ num_experts_per_tok: 129 }, /more than the 128 experts/],
  [{ num_key_value_heads: 8 }, /num_key_value_heads 8 is not supported/],
  [{ qk_rope_head_dim: 63 }, /qk_rope_head_dim 63 is not even/],
];
for (const [change, message] of refusals) {
  test(`${JSON.stringify(change)} is refused`, () => {
    assert.throws(
      () => parseDeepseekConfig({ ...published, ...change }, "some/config.json"),
      (error) => error instanceof ModelFolderError && message.test(error.message),
    );
  });
}
