/**
 * A reward model from a real 135M model, on published preferences: harmlessness (HH-RLHF), helpfulness in English and Chinese
 * (LLaMA-Factory's demonstration pairs), and instruction following (LLMBar). `npx aha reward-model recipes/smollm2-reward-model.ts`
 *
 * The sets are looked for in `../shared/data/preference`, or where AHA_PREFERENCES says.
 */
import { join } from "node:path";
import { defineRecipe } from "aha";

const folder = process.env.AHA_PREFERENCES ?? "../shared/data/preference";

export default defineRecipe({
  stage: "reward-model",
  name: "smollm2-reward-model",
  seed: 1,
  model: { path: ".aha/models/SmolLM2-135M-Instruct", dtype: "bfloat16" },
  data: [
    join(folder, "hh-harmless-test.jsonl.gz"),
    join(folder, "dpo_en_demo.json"),
    join(folder, "dpo_zh_demo.json"),
    join(folder, "llmbar/LLMBar/Natural/dataset.json"),
  ],
  batch: 16, // the paper's is 256, of 66,000 pairs
  maxLength: 320,
  learningRate: 3e-5,
  warmup: 10,
  schedule: "cosine",
  evaluation: { examples: 400 },
  checkpoint: { every: 50 },
  output: ".aha/models/smollm2-reward-model",
});
