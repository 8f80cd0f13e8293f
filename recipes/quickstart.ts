/**
 * R1-Zero in ten minutes on two cores: Countdown, rewards for accuracy and format alone, from a base that mostly gives up.
 * `aha train recipes/quickstart.ts`
 */
import { countdown, defineRecipe } from "aha";

export default defineRecipe({
  stage: "rl",
  name: "quickstart",
  seed: 1,
  model: { path: "models/countdown-base" },
  task: countdown(),
  rl: {
    steps: 100,
    questionsPerStep: 24,
    groupSize: 16,
    maxNewTokens: 256,
    // At 3e-4 and above accuracy stalls near 50 %: the updates spoil the base's arithmetic (docs/log.md).
    learningRate: 1e-4,
    warmupSteps: 5,
    klCoefficient: 0.001,
  },
  evaluation: { questions: 256 },
});
