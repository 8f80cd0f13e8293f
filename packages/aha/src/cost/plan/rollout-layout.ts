/** Decoding on a cluster, reckoned from data sheets: how many devices share a copy of the model, and what a step takes. */
import type { DecoderConfig } from "../../folder/decoder-config.ts";
import { cachedPerToken, decodeFlops, parameterCounts } from "../model-flops.ts";
import type { Assumptions } from "./assumptions.ts";
import type { Cluster } from "./cluster.ts";
import type { DecodeState, MemoryUse } from "./hardware-model.ts";

export interface RolloutLayout {
  /** Devices that share one copy of the model. */
  readonly group: number;
  readonly copies: number;
  /** Completions that all copies have cache for. */
  readonly capacity: number;
  readonly memory: MemoryUse;
  step(state: DecodeState): number;
  readonly words: string;
}

export interface RolloutInput {
  readonly config: DecoderConfig;
  readonly cluster: Cluster;
  readonly assumptions: Assumptions;
  /** Tokens of the longest completion with its prompt. */
  readonly longest: number;
  /** Expected tokens of one in the cache, when it is mean-sized. */
  readonly meanContext: number;
  /** Completions that a rollout wants. */
  readonly wanted: number;
  /** Devices a copy; left out: chosen. */
  readonly group?: number | undefined;
}

const MEMORY_SHARE = 0.9; // of a device's memory may be used
const CACHE_WIDTH = 2;

/** Weights go in FP8 where the checkpoint is stored so and the device has the units, else in bfloat16. */
const weightWidth = (config: DecoderConfig, { device }: Cluster): 1 | 2 =>
  config.family === "deepseek_v3" && config.blocks !== null && device.fp8 !== null ? 1 : 2;

/** All groups that whole nodes can be cut into. */
function groupSizes({ perNode, devices }: Cluster, config: DecoderConfig): number[] {
  // Tensor parallel stays within a node; experts are spread over several, one to a device at the least.
  const most = config.family === "deepseek_v3" ? config.experts : perNode;
  return Array.from({ length: Math.min(devices, most) }, (_, index) => index + 1).filter(
    (size) => devices % size === 0 && (perNode % size === 0 || size % perNode === 0),
  );
}

/** What a device holds and reads, for a group of `group` devices. */
function sharesOf(config: DecoderConfig, cluster: Cluster, group: number) {
  const width = weightWidth(config, cluster);
  const { total, routed } = parameterCounts(config);
  // Experts are dealt out over the group; of the rest every device has a copy, since attention runs data-parallel.
  // Dense models are cut in the group's width (tensor parallel).
  const experts = (routed * width) / group;
  const rest = routed > 0 ? (total - routed) * width : (total * width) / group;
  return { width, experts, rest, weights: experts + rest };
}

/** One copy of the model on `group` devices, all copies alike. */
function layoutOf(input: RolloutInput, group: number): RolloutLayout | null {
  const { config, cluster, assumptions, longest, meanContext } = input;
  const { device, devices, perNode } = cluster;
  const copies = devices / group;
  const { width, experts, rest, weights } = sharesOf(config, cluster, group);
  const room = device.memory * MEMORY_SHARE - weights;
  const perToken = cachedPerToken(config) * CACHE_WIDTH;
  // A tensor-parallel group shares each completion's cache; data-parallel attention keeps it whole on one device.
  const tokensHeld = Math.floor((room * group) / perToken);
  if (room <= 0 || tokensHeld < longest) return null;
  const capacity = copies * Math.max(1, Math.floor(tokensHeld / Math.min(longest, meanContext)));
  const acrossNodes = group > perNode;
  const mixed = config.family === "deepseek_v3";
  const layers = config.layers;
  const mixedLayers = mixed ? layers - config.denseLayers : 0;
  const lane = acrossNodes ? device.network : device.link;
  const latency = acrossNodes ? assumptions.messageLatency / 1000 : 1e-5;
  const perLayer = (mixed && acrossNodes ? assumptions.expertLayerLatency : assumptions.layerLatency) / 1000;

  /** Seconds that the exchanges of a step take beyond what computation hides. */
  const exchanges = (active: number): number => {
    if (group === 1) return 0;
    const visible = 1 - assumptions.exchangeOverlap;
    if (mixed) {
      // Each token's state goes to its experts in FP8 and comes back in bfloat16.
      const bytes = (active / group) * config.expertsPerToken * config.hiddenSize * 3;
      return mixedLayers * (2 * latency + (visible * bytes) / lane);
    }
    const bytes = 2 * ((group - 1) / group) * active * config.hiddenSize * 2;
    return layers * 2 * (latency + (visible * bytes) / lane);
  };

  const step = ({ active, context }: DecodeState): number => {
    const here = Math.max(active / copies, 1); // completions of one copy
    const experted = config.family === "deepseek_v3" ? config : null;
    // Of the experts only those that some token chose are read.
    const hit = experted === null ? 0 : 1 - (1 - experted.expertsPerToken / experted.experts) ** here;
    const bytes = rest + experts * hit + (here / group) * context * perToken;
    const reading = bytes / (device.bandwidth * assumptions.memoryEfficiency);
    const flops = decodeFlops(config, { tokens: here, pairs: here * context }) / group;
    const peak = width === 1 && device.fp8 !== null ? device.fp8 : device.bf16;
    const computing = flops / (peak * assumptions.prefillEfficiency);
    return Math.max(reading, computing) + exchanges(here) + layers * perLayer;
  };
  const cache = Math.min(input.wanted, capacity) * Math.min(longest, meanContext) * (perToken / devices);
  const kind = mixed ? "experts over" : "tensor-parallel on";
  return {
    group,
    copies,
    capacity,
    memory: { weights, cache },
    step,
    words:
      `rollout: ${copies} ${copies === 1 ? "copy" : "copies"} of the model, ` +
      `each ${group === 1 ? "on one device" : `${kind} ${group} devices`}, weights in ${width === 1 ? "FP8" : "bfloat16"}, ` +
      `room for ${capacity} completions at once`,
  };
}

/**
 * The layout asked for, or the one that samples a rollout of mean-sized completions fastest: a compromise of many tokens a
 * step and short steps.
 *
 * @returns null where the model does not fit on the cluster at all
 */
export function chooseRolloutLayout(input: RolloutInput): RolloutLayout | null {
  const sizes = input.group === undefined ? groupSizes(input.cluster, input.config) : [input.group];
  let best: { layout: RolloutLayout; seconds: number } | null = null;
  for (const size of sizes) {
    const layout = layoutOf(input, size);
    if (layout === null) continue;
    const active = Math.min(input.wanted, layout.capacity);
    const full = layout.step({ active, context: input.meanContext });
    // Half of the time goes to the tail, where few completions are left.
    const tail = layout.step({ active: Math.min(active, layout.copies), context: input.longest });
    const seconds = (full * input.wanted) / active + tail;
    if (best === null || seconds < best.seconds * 0.999) best = { layout, seconds };
  }
  return best?.layout ?? null;
}
