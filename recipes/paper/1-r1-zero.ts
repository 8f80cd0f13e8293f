/**
 * R1-Zero: pure reinforcement learning on DeepSeek-V3-Base, up to update 8,200 (R1 §2).
 * `npx aha plan recipes/paper/1-r1-zero.ts recipes/paper/2-r1-zero-long.ts --cluster 64x8xH800`
 */
import { defineRecipe } from "aha";
import { reasoningMixture } from "./shared/data.ts";
import { PRICE, PROMPT_TOKENS, reinforcement, rollouts } from "./shared/settings.ts";

export default defineRecipe({
  stage: "rl",
  name: "paper-r1-zero",
  model: { path: "deepseek-ai/DeepSeek-V3-Base" },
  task: reasoningMixture({ name: "r1-reasoning", prompt: "r1-zero", language: false, general: false }),
  rl: {
    ...reinforcement,
    steps: rollouts(8_200), // the length is doubled after update 8,200 (R1 §2.1): 8,192 updates
    maxNewTokens: 32_768, // R1 §2.1
  },
  cost: {
    pricePerDeviceHour: PRICE,
    // Read off the paper's figure: to about 15,000 tokens in the end, rising steadily.
    expect: { promptTokens: PROMPT_TOKENS, completionTokens: { start: 500, end: 11_900 } },
  },
});
