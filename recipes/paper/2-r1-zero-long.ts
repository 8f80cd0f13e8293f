/** R1-Zero after update 8,200: completions may be twice as long; 10,400 updates in all (R1 §2.1). */
import { defineRecipe } from "aha";
import r1Zero from "./1-r1-zero.ts";
import { PRICE, PROMPT_TOKENS, rollouts } from "./shared/settings.ts";

export default defineRecipe({
  ...r1Zero,
  name: "paper-r1-zero-long",
  model: { path: "runs/paper-r1-zero/checkpoints/step-000512" },
  rl: {
    ...r1Zero.rl,
    steps: rollouts(10_400) - rollouts(8_200), // 138 rollouts, 2,208 updates
    maxNewTokens: 65_536, // R1 §2.1
  },
  cost: {
    pricePerDeviceHour: PRICE,
    expect: { promptTokens: PROMPT_TOKENS, completionTokens: { start: 11_900, end: 15_000 } },
  },
});
