/** The hardware model of a cluster that is not here: layouts and times from data sheets and stated assumptions. */
import type { DecoderConfig } from "../../folder/decoder-config.ts";
import { forwardFlops, type TrainingForm } from "../model-flops.ts";
import type { Assumptions } from "./assumptions.ts";
import type { Cluster } from "./cluster.ts";
import type { HardwareModel, PackedPass } from "./hardware-model.ts";
import { chooseRolloutLayout } from "./rollout-layout.ts";
import { chooseTrainingLayout, type Parallelism } from "./training-layout.ts";

/** Raised where a model does not fit on a cluster; says what would help. */
export class PlanError extends Error {
  override readonly name = "PlanError";
}

/** What is given of the layout; what is left out is chosen. */
export interface LayoutWishes extends Partial<Parallelism> {
  /** Devices that share one copy of the model in rollouts. */
  readonly rollout?: number;
}

export interface DataSheetInput {
  readonly config: DecoderConfig;
  readonly cluster: Cluster;
  readonly assumptions: Assumptions;
  readonly form: TrainingForm;
  readonly typicalUpdate: PackedPass;
  /** Null for stages without a rollout. */
  readonly rollout: {
    readonly longest: number;
    readonly meanContext: number;
    readonly wanted: number;
  } | null;
  /** Tokens are drafted by the model's prediction module. */
  readonly speculative: boolean;
  readonly wishes?: LayoutWishes;
}

/** @throws {PlanError} where the model does not fit */
export function dataSheetModel(input: DataSheetInput): HardwareModel {
  const { config, cluster, assumptions, form, typicalUpdate, speculative, wishes = {} } = input;
  const shared = { config, cluster, assumptions, typical: typicalUpdate, parallelism: wishes };
  const notes: string[] = [];
  let training = chooseTrainingLayout({ ...shared, form });
  if (training === null && !form.recomputed) {
    training = chooseTrainingLayout({ ...shared, form: { ...form, recomputed: true } });
    if (training !== null)
      notes.push("activations do not fit unless layers are recomputed: set recomputeActivations to true");
  }
  const rollout =
    input.rollout === null
      ? null
      : chooseRolloutLayout({ config, cluster, assumptions, ...input.rollout, group: wishes.rollout });
  if (training === null || (rollout === null && input.rollout !== null)) {
    const what =
      training === null ? "training it (weights, gradients, optimiser, activations)" : "sampling from it";
    throw new PlanError(
      `${what} does not fit in ${cluster.devices} × ${(cluster.device.memory / 1e9).toFixed(0)} GB of ${cluster.device.name}; ` +
        "take more devices, a LoRA adapter (model.lora), or shorter completions",
    );
  }
  const drafted = speculative && config.family === "deepseek_v3" && config.predictionLayers > 0;
  const none: HardwareModel["decodeStep"] = () => 0;
  return {
    capacity: rollout?.capacity ?? 0,
    decodeStep: rollout?.step ?? none,
    tokensPerStep: drafted ? assumptions.draftSpeedup : 1,
    perCompletion: 0, // other processors do that meanwhile
    prefill: (pass) =>
      forwardFlops(config, pass) / (cluster.devices * cluster.device.bf16 * assumptions.prefillEfficiency),
    score: training.score,
    update: training.update,
    switchSeconds: cluster.devices === 1 ? 0 : assumptions.switchSeconds,
    memory: { rollout: rollout?.memory ?? {}, training: training.memory },
    memoryLimit: cluster.device.memory,
    layout: [...(rollout === null ? [] : [rollout.words]), training.words, ...notes],
  };
}
