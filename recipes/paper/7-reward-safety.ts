/** The safety reward model: 106,000 labelled responses, scoring all of each, the reasoning included (R1 §3.1, B.3). */
import { defineRecipe } from "aha";
import { PRICE } from "./shared/settings.ts";

export default defineRecipe({
  stage: "reward-model",
  name: "paper-reward-safety",
  model: { path: "models/paper/r1-dev3" },
  data: "data/r1/safety.jsonl",
  loss: "pointwise",
  score: "response",
  epochs: 1, // "the same hyperparameters" (R1, B.3)
  batch: 256,
  learningRate: 6e-6,
  maxLength: 8_192,
  cost: { pricePerDeviceHour: PRICE, expect: { examples: 106_000, exampleTokens: 1_500 } }, // tokens: ours
  output: "models/paper/reward-safety",
});
