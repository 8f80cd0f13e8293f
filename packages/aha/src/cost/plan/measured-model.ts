/** The hardware model of this machine: from a short probe of the very passes that a run makes. */
import type { DecodeState, HardwareModel, MemoryUse, PackedPass } from "./hardware-model.ts";

/** Seconds of one decoding step, measured. */
export interface DecodeSample extends DecodeState {
  readonly seconds: number;
}

/** Seconds of a pass, measured. */
export interface PassSample {
  readonly tokens: number;
  readonly pairs: number;
  readonly seconds: number;
}

export interface MachineProbe {
  readonly device: string;
  readonly threads: number;
  /** At least two numbers of completions, and two contexts at the largest. */
  readonly decode: readonly DecodeSample[];
  readonly prefill: readonly PassSample[];
  readonly score: readonly PassSample[];
  readonly update: readonly PassSample[];
  /** Seconds of one completion besides the model's. */
  readonly perCompletion: number;
  readonly capacity: number;
  readonly memory: { readonly rollout: MemoryUse; readonly training: MemoryUse };
  readonly memoryLimit: number | null;
  /** Of the probe itself, on the wall. */
  readonly seconds: number;
  /** Share of a core that the probe was given; null where that does not matter or is not known. */
  readonly share: number | null;
}

/**
 * Seconds of a step at any number of completions: straight lines between the measured numbers, at the shorter context; and
 * what a longer context adds to each completion, from the largest number's two measurements.
 */
export function decodeTimes(samples: readonly DecodeSample[]): (state: DecodeState) => number {
  const byContext = [...samples].sort((a, b) => a.context - b.context || a.active - b.active);
  const shortest = byContext[0]?.context ?? 0;
  const base = byContext.filter(({ context }) => context === shortest);
  const longer = byContext.find(({ context }) => context > shortest);
  const partner = base.find(({ active }) => active === longer?.active);
  const perTokenOfContext =
    longer === undefined || partner === undefined
      ? 0
      : Math.max(0, (longer.seconds - partner.seconds) / (longer.active * (longer.context - shortest)));
  const at = (active: number): number => {
    const [first, last] = [base[0], base.at(-1)];
    if (first === undefined || last === undefined) return 0;
    if (active <= first.active) return first.seconds;
    const above = base.findIndex((sample) => sample.active >= active);
    // Beyond the largest, as between the last two.
    const right = above < 0 ? base.length - 1 : above;
    const [low, high] = [base[Math.max(0, right - 1)] ?? first, base[right] ?? last];
    const slope = high.active === low.active ? 0 : (high.seconds - low.seconds) / (high.active - low.active);
    return low.seconds + Math.max(0, slope) * (active - low.active);
  };
  return ({ active, context }) => Math.max(0, at(active) + perTokenOfContext * active * (context - shortest));
}

/**
 * Seconds of a pass: a constant, a rate for tokens, and one for pairs. The constant and the tokens' rate come of the
 * samples of different size, the pairs' of samples of one size and different lengths; none is below 0.
 */
export function passTimes(samples: readonly PassSample[]): (pass: PackedPass | PassSample) => number {
  const sorted = [...samples].sort((a, b) => a.tokens - b.tokens || a.pairs - b.pairs);
  const [small, large] = [sorted[0], sorted.at(-1)];
  if (small === undefined || large === undefined) return () => 0;
  const even = sorted.find((one) => one !== large && Math.abs(one.tokens / large.tokens - 1) < 0.1);
  const perPair =
    even === undefined || even === small || large.pairs <= even.pairs
      ? 0
      : Math.max(0, (large.seconds - even.seconds) / (large.pairs - even.pairs));
  const rest = (sample: PassSample): number => Math.max(0, sample.seconds - perPair * sample.pairs);
  const reference = even ?? large;
  const perToken =
    reference.tokens === small.tokens
      ? rest(reference) / reference.tokens
      : Math.max(0, (rest(reference) - rest(small)) / (reference.tokens - small.tokens));
  const constant = Math.max(0, rest(small) - perToken * small.tokens);
  return ({ tokens, pairs }) => constant + perToken * tokens + perPair * pairs;
}

/** A probe that was given less tells that other processes are at work. */
const BUSY = 0.8;

export function measuredModel(probe: MachineProbe): HardwareModel {
  const { share } = probe;
  const busy =
    share === null || share >= BUSY
      ? []
      : [
          `other processes are at work: the probe got ${(100 * share).toFixed(0)} % of a core. The times are those of a core to itself; as busy as now expect ${(1 / share).toFixed(1)} times as long`,
        ];
  return {
    capacity: probe.capacity,
    decodeStep: decodeTimes(probe.decode),
    tokensPerStep: 1,
    perCompletion: probe.perCompletion,
    prefill: passTimes(probe.prefill),
    score: passTimes(probe.score),
    update: passTimes(probe.update),
    switchSeconds: 0,
    memory: probe.memory,
    memoryLimit: probe.memoryLimit,
    layout: [
      `one process on ${probe.device}, ${probe.threads} ${probe.threads === 1 ? "thread" : "threads"}; measured in ${probe.seconds.toFixed(0)} s`,
      ...busy,
    ],
  };
}
