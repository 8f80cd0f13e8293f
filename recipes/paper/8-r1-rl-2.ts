/** R1's second reinforcement stage, on reasoning: 1,300 of its 1,700 updates (R1 §3.2.3). */
import { defineRecipe } from "aha";
import { reasoningMixture } from "./shared/data.ts";
import { PRICE, PROMPT_TOKENS, reinforcement, rollouts } from "./shared/settings.ts";

export default defineRecipe({
  stage: "rl",
  name: "paper-r1-rl-2",
  model: { path: "models/paper/r1-dev3" },
  task: reasoningMixture({ name: "r1-reasoning-language", prompt: "chat", language: true, general: false }),
  rl: {
    ...reinforcement,
    steps: rollouts(1_300), // general data only in the last 400 of 1,700 (R1 §3.2.3)
    temperature: 0.7, // R1 §3.2.3
    maxNewTokens: 32_768, // as the first stage; ours for this one
  },
  cost: {
    pricePerDeviceHour: PRICE,
    expect: { promptTokens: PROMPT_TOKENS, completionTokens: { start: 6_000, end: 8_000 } }, // ours
  },
});
