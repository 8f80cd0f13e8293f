/**
 * What a plan assumes beyond data sheets, each with its reason: printed with every plan, and to be changed by `--assume`.
 *
 * None is fitted to the run that the plan is checked against (DeepSeek-R1's 198 hours): each comes from another publication,
 * or is marked as ours.
 */
import { nearestKey } from "../../recipe/nearest-key.ts";

export interface Assumption {
  readonly value: number;
  /** A second value that could as well be: what the sensitivity table tries. */
  readonly other: number;
  readonly unit: string;
  readonly reason: string;
}

const table = {
  trainingEfficiency: {
    value: 0.4,
    other: 0.3,
    unit: "of the bf16 peak",
    reason: "dense models: Llama 3 405B trained at 38–43 % (The Llama 3 Herd of Models, table 4)",
  },
  expertTrainingEfficiency: {
    value: 0.35,
    other: 0.25,
    unit: "of the bf16 peak",
    reason:
      "mixtures of experts, all-to-all included: DeepSeek-V3's 180K H800 hours a trillion tokens (its report, §1) at 250 GFLOP a token",
  },
  packing: {
    value: 0.9,
    other: 0.75,
    unit: "of a chunk filled",
    reason: "ours: best-fit packing of long-tailed lengths into fixed chunks (DeepSeek-R1, B.1)",
  },
  prefillEfficiency: {
    value: 0.4,
    other: 0.25,
    unit: "of the bf16 peak",
    reason: "ours: as training's forward pass",
  },
  memoryEfficiency: {
    value: 0.75,
    other: 0.6,
    unit: "of the bandwidth",
    reason: "ours: what well-written decoding kernels reach (FlashInfer, FlashMLA: 70–90 %)",
  },
  layerLatency: {
    value: 0.05,
    other: 0.1,
    unit: "ms a layer and step",
    reason: "ours, one node: a dozen kernels of 3–5 µs behind one another, launched as a graph",
  },
  expertLayerLatency: {
    value: 0.25,
    other: 0.32,
    unit: "ms a layer and step",
    reason:
      "experts over several nodes: what DeepSeek's serving leaves after weights, caches and links (20–22 tokens/s a user at 1,850 tokens/s an H800 and 4,989 tokens of context: its inference system overview); its announced 60 tokens/s, with drafts, would leave 0.32",
  },
  messageLatency: {
    value: 0.03,
    other: 0.06,
    unit: "ms an exchange between nodes",
    reason:
      "ours: DeepEP's low-latency kernels (77–194 µs at 128 tokens, H800) less their bytes over the link",
  },
  exchangeOverlap: {
    value: 0.5,
    other: 0,
    unit: "of an exchange's bytes hidden",
    reason: "ours: two micro-batches taking turns hide part of it (DeepSeek-V3 report, §3.4)",
  },
  draftSpeedup: {
    value: 1.8,
    other: 1.5,
    unit: "tokens a step",
    reason: "the prediction module's self-speculation at 85–90 % accepted (DeepSeek-V3 report, §5.4.3)",
  },
  lengthVariation: {
    value: 0.8,
    other: 0.5,
    unit: "deviation over mean",
    reason: "ours, lognormal, where the recipe says nothing; reasoning tasks mix easy and hard questions",
  },
  runawayShare: {
    value: 0.002,
    other: 0,
    unit: "of completions",
    reason:
      "never end and are cut off at the limit; ours, and low: of the miniature's first 384 completions 1.3 % were. One in a rollout is enough to make it as long as the limit",
  },
  rewardSeconds: {
    value: 1,
    other: 6,
    unit: "s a thousand completions",
    reason:
      "ours: rule rewards run hidden behind the rollout (DeepSeek-R1, B.1); this is the last ones' verdicts",
  },
  switchSeconds: {
    value: 20,
    other: 60,
    unit: "s a change of module",
    reason:
      "ours: weights from and to memory, caches and graphs made again (DeepSeek-R1, B.1: each module is offloaded); Kimi's checkpoint engine takes 20 s for a trillion parameters",
  },
  goodput: {
    value: 0.95,
    other: 0.9,
    unit: "of the time",
    reason:
      "checkpoints, evaluations, failures: above 90 % for Llama 3 on 16,000 devices (its report, §3.3.4)",
  },
} as const satisfies Record<string, Assumption>;

export type AssumptionName = keyof typeof table;
export type Assumptions = Readonly<Record<AssumptionName, number>>;

export const assumptionTable: Readonly<Record<AssumptionName, Assumption>> = table;
export const assumptionNames = Object.keys(table) as readonly AssumptionName[];

export const defaultAssumptions: Assumptions = Object.fromEntries(
  assumptionNames.map((name) => [name, table[name].value]),
) as Record<AssumptionName, number>;

/** An assumption that does not exist, or cannot be a number. */
export class AssumptionError extends Error {
  override readonly name = "AssumptionError";
}

const isName = (text: string): text is AssumptionName => Object.hasOwn(table, text);

/** Values by name over the defaults: `goodput=0.9`. */
export function withAssumptions(changes: readonly string[]): Assumptions {
  const values: Record<AssumptionName, number> = { ...defaultAssumptions };
  for (const change of changes) {
    const [name = "", text = ""] = change.split("=", 2).map((part) => part.trim());
    const value = text === "" ? Number.NaN : Number(text);
    if (!isName(name)) {
      const near = nearestKey(name, assumptionNames);
      const hint = near === undefined ? "" : ` did you mean ${near}?`;
      throw new AssumptionError(
        `no assumption is called "${name}";${hint} known: ${assumptionNames.join(", ")}`,
      );
    }
    if (!Number.isFinite(value) || value < 0) {
      throw new AssumptionError(`expected ${name}=number of at least 0, got "${change}"`);
    }
    values[name] = value;
  }
  return values;
}
