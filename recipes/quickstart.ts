/** R1-Zero in ten minutes on two cores: Countdown, accuracy + format, from a base that mostly gives up. */
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
    learningRate: 3e-4,
    klCoefficient: 0.001,
  },
  evaluation: { questions: 256 },
});
