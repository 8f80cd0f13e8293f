/**
 * R1-Zero on MBPP: short Python programs, judged by running their assertions in a sandbox, on any model folder.
 * `aha train recipes/mbpp.ts --set model.path=models/some-base --set task.path=data/mbpp.jsonl`
 */
import { defineRecipe, mbpp } from "aha";

export default defineRecipe({
  stage: "rl",
  name: "mbpp",
  seed: 1,
  model: { path: "models/base" },
  // Rows {task_id, text, code, test_list}: the authors' file with all rows, a folder with splits, or this hub id.
  task: mbpp({ path: "google-research-datasets/mbpp", wallSeconds: 5 }),
  rl: {
    steps: 200,
    questionsPerStep: 32, // DeepSeek-R1 §2.1, as the next three
    groupSize: 16,
    learningRate: 3e-6,
    klCoefficient: 0.001,
    warmupSteps: 10,
    maxNewTokens: 512,
  },
  evaluation: { questions: 128, every: 50 },
});
