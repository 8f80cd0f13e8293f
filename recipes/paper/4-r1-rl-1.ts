/** R1's first reinforcement stage: Dev1 with the language reward; the result is Dev2 (R1 §3.2.1). */
import { defineRecipe } from "aha";
import { reasoningMixture } from "./shared/data.ts";
import { PRICE, PROMPT_TOKENS, reinforcement, rollouts } from "./shared/settings.ts";

export default defineRecipe({
  stage: "rl",
  name: "paper-r1-rl-1",
  model: { path: "models/paper/r1-dev1" },
  task: reasoningMixture({ name: "r1-reasoning-language", prompt: "chat", language: true, general: false }),
  rl: {
    ...reinforcement,
    steps: rollouts(3_200), // ours: not published
    maxNewTokens: 32_768, // R1 §3.2.1
    clipHigh: 10, // ε = 10 (R1 §3.2.1)
    clipLow: 1, // 1 − ε is below 0, where a ratio never is
  },
  cost: {
    pricePerDeviceHour: PRICE,
    // Ours: it starts from long thoughts.
    expect: { promptTokens: PROMPT_TOKENS, completionTokens: { start: 5_000, end: 8_000 } },
  },
});
