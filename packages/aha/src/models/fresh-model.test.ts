/** Tests that a shape alone tells a checkpoint's size: counts as the published files have them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { publishedShape, publishedShapeIds } from "../folder/published-shapes.ts";
import { modelSize } from "./fresh-model.ts";

/** Parameters as the hub states them of the safetensors files. */
const published: Readonly<Record<string, number>> = {
  "Qwen/Qwen2.5-0.5B": 494_032_768,
  "Qwen/Qwen2.5-1.5B-Instruct": 1_543_714_304,
  "Qwen/Qwen2.5-3B": 3_085_938_688,
  "Qwen/Qwen2.5-7B": 7_615_616_512,
  "Qwen/Qwen2.5-Math-1.5B": 1_543_714_304,
  "Qwen/Qwen2.5-14B": 14_770_033_664,
  "deepseek-ai/DeepSeek-R1-Distill-Qwen-32B": 32_763_876_352,
  "Qwen/Qwen3-0.6B": 596_049_920,
  "Qwen/Qwen3-1.7B-Base": 1_720_574_976,
  "Qwen/Qwen3-4B-Base": 4_022_468_096,
  "Qwen/Qwen3-8B-Base": 8_190_735_360,
  "meta-llama/Llama-3.2-1B": 1_235_814_400,
  "meta-llama/Llama-3.2-3B": 3_212_749_824,
  "deepseek-ai/DeepSeek-R1-Distill-Llama-8B": 8_030_261_248,
  "meta-llama/Llama-3.3-70B-Instruct": 70_553_706_496,
  "HuggingFaceTB/SmolLM2-135M-Instruct": 134_515_008,
  "HuggingFaceTB/SmolLM2-360M": 361_821_120,
  "HuggingFaceTB/SmolLM2-1.7B": 1_711_376_384,
};

for (const [id, parameters] of Object.entries(published)) {
  test(`${id} has ${parameters} parameters`, () => {
    const config = publishedShape(id);
    assert.ok(config);
    assert.equal(modelSize(config).parameters, parameters);
  });
}

test("DeepSeek-V3 has 671 billion parameters and a prediction module, and caches 576 numbers a layer", () => {
  const config = publishedShape("deepseek-ai/DeepSeek-V3");
  assert.ok(config?.family === "deepseek_v3");
  // The published count is of the main model, with a correction bias for each expert, which is not trained.
  const main = modelSize({ ...config, predictionLayers: 0 });
  assert.equal(main.parameters + 58 * config.experts, 671_026_419_200);
  assert.equal(main.cachedPerToken, 61 * 576);
  assert.ok(modelSize(config).parameters - main.parameters > 11e9);
});

test("every published shape can be laid out", () => {
  for (const id of publishedShapeIds) {
    const config = publishedShape(id);
    assert.ok(config !== null && modelSize(config).parameters > 1e8, id);
  }
  assert.equal(publishedShape("nobody/nothing"), null);
});
