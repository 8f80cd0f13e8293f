/**
 * A real 135M model learns to search by reinforcement, from where its cold start left it (smollm2-countdown-sft).
 * `npx aha train recipes/smollm2-countdown.ts`
 */
import { countdown, defineRecipe } from "aha";

export default defineRecipe({
  stage: "rl",
  name: "smollm2-countdown",
  seed: 1,
  model: { path: ".aha/models/smollm2-countdown-sft", dtype: "bfloat16" },
  task: countdown({ prompt: "chat", heldOut: 128 }),
  rl: {
    steps: 60,
    questionsPerStep: 8,
    groupSize: 8,
    maxNewTokens: 256,
    learningRate: 1e-5,
    warmupSteps: 3,
    klCoefficient: 0,
  },
  evaluation: { questions: 128, every: 20 },
  checkpoint: { every: 20 },
});
