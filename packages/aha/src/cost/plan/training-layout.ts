/** Training on a cluster, reckoned from data sheets: pipeline, tensor, context, expert and data parallel, and an update's time. */
import type { DecoderConfig } from "../../folder/decoder-config.ts";
import {
  cachedPerToken,
  forwardFlops,
  parameterCounts,
  type TrainingForm,
  trainingFlops,
} from "../model-flops.ts";
import { activationBytes } from "./activations.ts";
import type { Assumptions } from "./assumptions.ts";
import type { Cluster } from "./cluster.ts";
import type { MemoryUse, PackedPass } from "./hardware-model.ts";

/** How many devices each kind of parallelism takes; data parallel is the rest. */
export interface Parallelism {
  readonly pipeline: number;
  readonly tensor: number;
  readonly context: number;
}

export interface TrainingLayout extends Parallelism {
  readonly data: number;
  readonly expert: number;
  readonly memory: MemoryUse;
  update(pass: PackedPass): number;
  score(pass: PackedPass): number;
  readonly words: string;
}

export interface TrainingInput {
  readonly config: DecoderConfig;
  readonly cluster: Cluster;
  readonly assumptions: Assumptions;
  readonly form: TrainingForm;
  /** A typical update, which the layout is chosen for. */
  readonly typical: PackedPass;
  /** Left out: chosen. */
  readonly parallelism?: Partial<Parallelism> | undefined;
}

const MEMORY_SHARE = 0.9;
/** bfloat16 weights, float32 gradients. */
const [WEIGHT_BYTES, GRADIENT_BYTES] = [2, 4] as const;
/** A float32 master and two float32 moments; the mixture's moments in bfloat16 (DeepSeek-V3 report, §3.3.3). */
const stateBytes = (routed: number): number => (routed > 0 ? 8 : 12);
/** A chunk is never smaller than this, or products get too thin for the device. */
const SMALLEST_CHUNK = 4096;

const divisors = (value: number, most: number): number[] =>
  Array.from({ length: Math.min(value, most) }, (_, index) => index + 1).filter((one) => value % one === 0);

/** Experts are dealt out over as many ranks as divide both, at most 64 as in DeepSeek-V3's training; 1 in dense models. */
function expertRanks(config: DecoderConfig, ranks: number): number {
  if (config.family !== "deepseek_v3") return 1;
  return Math.max(...divisors(config.experts, 64).filter((size) => ranks % size === 0));
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** One way to lay the training out; null where it does not fit. */
function layoutOf(input: TrainingInput, parallelism: Parallelism): TrainingLayout | null {
  const { config, cluster, assumptions, form, typical } = input;
  const { device, devices, perNode } = cluster;
  const { pipeline, tensor, context } = parallelism;
  const data = devices / (pipeline * tensor * context);
  if (!Number.isInteger(data) || tensor > perNode || pipeline > config.layers) return null;
  const expert = expertRanks(config, data * context);
  const { total, routed } = parameterCounts(config);
  const held = (total - routed) / (pipeline * tensor) + routed / (pipeline * expert);
  const frozen = form.adapterParameters > 0;
  const trained = frozen ? form.adapterParameters / (pipeline * tensor) : held;
  const chunk = Math.max(SMALLEST_CHUNK, typical.longest);
  const memory = {
    weights: WEIGHT_BYTES * held,
    gradients: GRADIENT_BYTES * trained,
    // Spread over all ranks that hold the same weights (ZeRO-1).
    optimiser: (stateBytes(routed) * (frozen ? form.adapterParameters : total)) / devices,
    activations: activationBytes(config, chunk / (context * tensor), form.recomputed),
  };
  if (sum(Object.values(memory)) > device.memory * MEMORY_SHARE) return null;
  const efficiency = routed > 0 ? assumptions.expertTrainingEfficiency : assumptions.trainingEfficiency;
  const visible = 1 - assumptions.exchangeOverlap;

  /**
   * All chunks of a pass. Where tensors are cut, states are exchanged twice a layer forward and twice backward; where the
   * context is, keys and values travel once forward, and backward once more with their gradients.
   */
  const pass = (size: PackedPass, flops: number, backward: boolean): number => {
    const [exchanges, travels] = backward ? [4, 3] : [2, 1];
    // Fewer tokens than a chunk holds make a smaller chunk.
    const chunks = Math.max(1, size.tokens / (chunk * assumptions.packing));
    const computing = flops / chunks / (pipeline * tensor * context * device.bf16 * efficiency);
    const states = (Math.min(chunk, size.tokens) / context) * config.hiddenSize * 2;
    const cut = exchanges * 2 * ((tensor - 1) / tensor) * states * (config.layers / pipeline);
    // Of others' keys and values as much as a cache would keep.
    const foreign = ((context - 1) / context) * Math.min(chunk, size.tokens) * cachedPerToken(config) * 2;
    const passed = (travels * foreign) / (pipeline * tensor);
    const contextLane = tensor * context > perNode ? device.network : device.link;
    const oneChunk = computing + visible * (cut / device.link + passed / contextLane);
    // Each pipeline takes whole chunks; to fill and empty it takes pipeline − 1 more.
    return (Math.ceil(chunks / data) + pipeline - 1) * oneChunk;
  };
  const exchanged = devices === 1 ? 0 : (GRADIENT_BYTES + WEIGHT_BYTES) * trained;
  const lane = devices > perNode ? device.network : device.link;
  const perUpdate =
    exchanged / lane +
    (2 * (memory.optimiser + memory.gradients)) / (device.bandwidth * assumptions.memoryEfficiency);
  const kinds = { pipeline, tensor, context, expert };
  const words = Object.entries(kinds).flatMap(([kind, size]) => (size > 1 ? [`${kind} ${size}`] : []));
  return {
    ...{ ...kinds, data, memory },
    update: (size) => pass(size, trainingFlops(config, size, form), true) + perUpdate,
    score: (size) => pass(size, forwardFlops(config, size), false),
    words:
      `training: ${[...words, `data ${data}`].join(" × ")}, chunks of ${chunk} tokens, ` +
      `${form.recomputed ? "layers recomputed in backward, " : ""}optimiser spread over all devices (ZeRO-1)`,
  };
}

/**
 * The layout asked for, or the one whose typical update is fastest.
 *
 * @returns null where nothing fits in memory
 */
export function chooseTrainingLayout(input: TrainingInput): TrainingLayout | null {
  const { cluster, config, parallelism = {} } = input;
  const options = (given: number | undefined, all: readonly number[]): readonly number[] =>
    given === undefined ? all : [given];
  let best: { layout: TrainingLayout; seconds: number } | null = null;
  for (const pipeline of options(
    parallelism.pipeline,
    divisors(cluster.devices, Math.min(16, config.layers)),
  )) {
    for (const tensor of options(parallelism.tensor, divisors(cluster.perNode, 8))) {
      for (const context of options(parallelism.context, divisors(cluster.devices, 16))) {
        const layout = layoutOf(input, { pipeline, tensor, context });
        if (layout === null) continue;
        const seconds = layout.update(input.typical);
        if (best === null || seconds < best.seconds) best = { layout, seconds };
      }
    }
  }
  return best?.layout ?? null;
}
