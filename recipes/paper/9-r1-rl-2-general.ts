/**
 * The last 400 updates of R1's second reinforcement stage: general prompts come in, and with them preference rewards; the
 * result is R1. Longer, and the policy learns to please the reward model instead (R1 §3.2.3, figure 6).
 */
import { defineRecipe } from "aha";
import stage from "./8-r1-rl-2.ts";
import { reasoningMixture } from "./shared/data.ts";
import { PRICE, PROMPT_TOKENS, rollouts } from "./shared/settings.ts";

export default defineRecipe({
  ...stage,
  name: "paper-r1-rl-2-general",
  model: { path: `runs/${stage.name}/checkpoints/step-${String(stage.rl.steps).padStart(6, "0")}` },
  task: reasoningMixture({ name: "r1-all", prompt: "chat", language: true, general: true }),
  rl: { ...stage.rl, steps: rollouts(400) }, // R1 §3.2.3
  cost: {
    pricePerDeviceHour: PRICE,
    expect: { promptTokens: PROMPT_TOKENS, completionTokens: { start: 5_000, end: 5_000 } }, // ours
  },
});
