/** R1's second fine-tuning: DeepSeek-V3-Base again, on the 800K curated examples; the result is Dev3 (R1 §3.2.2, B.4). */
import { defineRecipe } from "aha";
import { curated, PRICE, supervised } from "./shared/settings.ts";

export default defineRecipe({
  ...supervised,
  stage: "sft",
  name: "paper-r1-sft",
  model: { path: "deepseek-ai/DeepSeek-V3-Base" },
  data: "data/r1/curated.jsonl", // rejection samples of Dev2 and 200K others; not published
  batch: 128, // R1, B.4
  learningRate: 5e-5, // to 5e-6 (R1, B.4)
  predictionWeight: 0.1, // ours for this stage
  cost: { pricePerDeviceHour: PRICE, expect: { ...curated } },
  output: "models/paper/r1-dev3",
});
