/** The stages a pipeline can hold, by what trains them. */
import { curate } from "../curation/curate.ts";
import type { StageRunners } from "./run-pipeline.ts";

/** Imported when a stage begins, so that a pipeline loads no more than it runs. */
export const stageRunners: StageRunners = {
  curate,
  async train(recipe, options) {
    switch (recipe.stage) {
      case "pretrain":
        return (await import("../stages/pretrain.ts")).pretrain(recipe, options);
      case "sft":
        return (await import("../stages/supervised-fine-tuning.ts")).superviseFineTuning(recipe, options);
      case "rl":
        return (await import("../stages/reinforcement.ts")).trainReinforcement(recipe, options);
      case "reward-model":
        return (await import("../stages/reward-model-training.ts")).trainRewardModel(recipe, options);
    }
  },
};
