/**
 * The cold start of a real 135M model: a few hundred worked Countdown examples, wrong tries included. Seven in ten give up after
 * one: as in the miniature, patience is rare, and whether it becomes a habit is left to the reinforcement.
 * `npm run fetch:smollm2 && npx aha sft recipes/smollm2-countdown-sft.ts`
 */
import { countdownTraces, defineRecipe } from "aha";

export default defineRecipe({
  stage: "sft",
  name: "smollm2-countdown-sft",
  seed: 1,
  model: { path: ".aha/models/SmolLM2-135M-Instruct", dtype: "bfloat16" },
  data: countdownTraces(640, { givingUp: 0.7 }),
  epochs: 2,
  batch: 16,
  maxLength: 512,
  learningRate: 3e-4,
  warmup: 5,
  evaluation: { examples: 40, every: 20 },
  checkpoint: { every: 0 },
  output: ".aha/models/smollm2-countdown-sft",
});
