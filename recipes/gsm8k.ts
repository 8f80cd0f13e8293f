/**
 * R1-Zero on GSM8K: word problems, rewards for the right number and for the form, on any model folder.
 * `aha train recipes/gsm8k.ts --set model.path=models/some-base --set task.path=data/gsm8k`
 */
import { defineRecipe, gsm8k } from "aha";

export default defineRecipe({
  stage: "rl",
  name: "gsm8k",
  seed: 1,
  model: { path: "models/base" },
  // Rows {question, answer} with "#### 18": a file, a folder with train and test, or this hub id.
  task: gsm8k({ path: "openai/gsm8k" }),
  rl: {
    steps: 300,
    questionsPerStep: 32, // DeepSeek-R1 §2.1, as the next three
    groupSize: 16,
    learningRate: 3e-6,
    klCoefficient: 0.001,
    warmupSteps: 10,
    maxNewTokens: 768,
  },
  evaluation: { questions: 256, every: 50 },
});
