/**
 * Reward hacking in miniature (DeepSeek-R1, figure 6): after the pipeline's own stages the preference reward alone, for too long.
 * The alarm only warns here, so that both curves can be seen; with `--set alarm.stop=true` it ends the run.
 * `npx aha pipeline recipes/r1-mini.ts && npx aha train recipes/r1-mini-hacking.ts`
 */
import { defineRecipe, mixTasks, rewardModel, world, worldGeneral } from "aha";

const models = ".aha/models/r1-mini";
const helpful = rewardModel({ path: `${models}/helpful`, score: "summary", name: "helpful", scale: "raw" });
const mixture = mixTasks("hacking", [
  { task: world({ form: "summary" }) },
  { task: worldGeneral({ prompts: "harmless", preferences: [helpful] }) },
]);

export default defineRecipe({
  stage: "rl",
  name: "r1-mini-hacking",
  seed: 1,
  threads: 1,
  model: { path: `${models}/r1-reasoning` },
  // Trained is on general prompts alone; held out stay the reasoning questions, which tell what it costs.
  task: { ...mixture, train: mixture.train.filter(({ columns }) => columns.kind === "general") },
  rl: {
    steps: 40,
    questionsPerStep: 24,
    groupSize: 16,
    maxNewTokens: 320,
    temperature: 0.7,
    learningRate: 2e-4,
    warmupSteps: 5,
    klCoefficient: 0.001,
  },
  evaluation: { questions: 300, every: 5 },
  alarm: { reward: "helpful", rule: "helpful_rule", stop: false },
});
