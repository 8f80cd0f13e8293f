/** What a plan asks of hardware, whether reckoned from data sheets or measured: how long each piece of a step takes. */

/** A batch of completions that are decoded together. */
export interface DecodeState {
  /** Completions of the whole cluster that are still going. */
  readonly active: number;
  /** Tokens that each has before it, its prompt included, on average. */
  readonly context: number;
}

/** A pass over packed sequences. */
export interface PackedPass {
  readonly tokens: number;
  readonly pairs: number;
  readonly headRows: number;
  /** The longest sequence, which one chunk has to hold. */
  readonly longest: number;
}

/** Bytes on the fullest device, by purpose. */
export type MemoryUse = Readonly<Record<string, number>>;

export interface HardwareModel {
  /** Completions that the caches have room for at once, given their full length. */
  readonly capacity: number;
  /** One step of decoding for all of them; seconds. */
  decodeStep(state: DecodeState): number;
  /** Tokens that a step gives each completion: more than 1 where some are drafted. */
  readonly tokensPerStep: number;
  /** Seconds that a completion takes besides the model: its text. */
  readonly perCompletion: number;
  prefill(pass: PackedPass): number;
  /** A forward pass for log-probabilities. */
  score(pass: PackedPass): number;
  /** One policy update: forward, backward, gradients' exchange, optimiser. */
  update(pass: PackedPass): number;
  /** Between rollout, reference and training: offloading, loading; seconds a change. */
  readonly switchSeconds: number;
  readonly memory: { readonly rollout: MemoryUse; readonly training: MemoryUse };
  /** Bytes of a device; null where it is not known. */
  readonly memoryLimit: number | null;
  /** How the work is laid out, in words. */
  readonly layout: readonly string[];
}
