/** The helpful reward model: 66,000 pairs, scoring the final summary only (R1 §3.1, B.3). */
import { defineRecipe } from "aha";
import { PRICE } from "./shared/settings.ts";

export default defineRecipe({
  stage: "reward-model",
  name: "paper-reward-helpful",
  model: { path: "models/paper/r1-dev3" }, // the policy's architecture (R1 §3.1); which checkpoint is not published
  data: "data/r1/helpful-pairs.jsonl",
  loss: "pairwise",
  score: "summary",
  epochs: 1, // R1, B.3, as the next three
  batch: 256,
  learningRate: 6e-6,
  maxLength: 8_192,
  cost: { pricePerDeviceHour: PRICE, expect: { examples: 66_000, exampleTokens: 800 } }, // tokens: ours
  output: "models/paper/reward-helpful",
});
