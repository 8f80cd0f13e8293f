/** R1's cold start: DeepSeek-V3-Base on thousands of readable long traces; the result is Dev1 (R1 §3, B.4). */
import { defineRecipe } from "aha";
import { PRICE, supervised } from "./shared/settings.ts";

export default defineRecipe({
  ...supervised,
  stage: "sft",
  name: "paper-r1-cold-start",
  model: { path: "deepseek-ai/DeepSeek-V3-Base" },
  data: "data/r1/cold-start.jsonl", // made by cold-start curation from R1-Zero; not published
  batch: 128, // R1, B.4
  learningRate: 5e-5, // to 5e-6 (R1, B.4)
  predictionWeight: 0.1, // as DeepSeek-V3's pretraining ended; ours for this stage
  cost: {
    pricePerDeviceHour: PRICE,
    expect: { examples: 5_000, exampleTokens: 5_000 }, // "thousands"; ours
  },
  output: "models/paper/r1-dev1",
});
