/**
 * Load balancing without an auxiliary loss (Wang et al. 2024; DeepSeek-V3, §2.1.2): after each step the correction bias of an
 * overloaded expert is lowered by γ and that of an underloaded one raised, by counts over the step's whole batch.
 */
import { fromTypedArray, noGrad, scope, type Tensor } from "@aha/torch";
import type { SequenceSpans } from "./sequence-balance.ts";

export interface ExpertBalanceOptions {
  /** γ; 0 leaves the biases as they are. */
  readonly biasStep: number;
  /** α of the sequence-wise loss; 0: none. */
  readonly lossWeight: number;
}

/** The report's settings for most of training. */
export const defaultExpertBalance: ExpertBalanceOptions = { biasStep: 0.001, lossWeight: 0.0001 };

/** How evenly one layer's experts were loaded in a step. */
export interface ExpertLoad {
  /** The busiest expert's tokens by the mean: 1 is even. */
  readonly maximumOverMean: number;
  /** Entropy of the load by that of an even one, 0 … 1. */
  readonly evenness: number;
}

/** γ · sign(mean − load), what each expert's bias changes by. */
export function biasChanges(loads: ArrayLike<number>, biasStep: number): Float32Array {
  const all = Array.from(loads);
  const mean = all.reduce((sum, load) => sum + load, 0) / Math.max(1, all.length);
  return Float32Array.from(all, (load) => biasStep * Math.sign(mean - load));
}

/** Of the counts of one layer; an unused layer counts as even. */
export function expertLoad(loads: ArrayLike<number>): ExpertLoad {
  const all = Array.from(loads);
  const total = all.reduce((sum, load) => sum + load, 0);
  if (total === 0 || all.length < 2) return { maximumOverMean: 1, evenness: 1 };
  const entropy = all.reduce(
    (sum, load) => (load === 0 ? sum : sum - (load / total) * Math.log(load / total)),
    0,
  );
  return {
    maximumOverMean: (Math.max(...all) * all.length) / total,
    evenness: entropy / Math.log(all.length),
  };
}

/** Counts a model's loads during an update; nothing is counted, and no loss added, outside of one. */
export class ExpertBalance {
  options: ExpertBalanceOptions;
  readonly #corrections: readonly Tensor[]; // float32 [E] of each layer with experts
  #counts: Float64Array[] | null = null;
  #lossScale = 0;

  constructor(corrections: readonly Tensor[], options: ExpertBalanceOptions = defaultExpertBalance) {
    this.#corrections = corrections;
    this.options = options;
  }

  /** True between `begin` and `end`. */
  get counting(): boolean {
    return this.#counts !== null;
  }

  /** What a sequence's loss is multiplied by: α / sequences of the update. */
  get lossScale(): number {
    return this.#lossScale;
  }

  /** An update over so many sequences begins; an earlier one that did not end is forgotten. */
  begin(sequences: number): void {
    this.#counts = this.#corrections.map((correction) => new Float64Array(correction.size(0)));
    this.#lossScale = this.options.lossWeight / Math.max(1, sequences);
  }

  /** The update did not come to its end: nothing is counted any more. Does nothing outside of one. */
  cancel(): void {
    this.#counts = null;
    this.#lossScale = 0;
  }

  /** Counts the choices int64 [T, k] of rows that belong to sequences; `layer` counts layers with experts. */
  count(layer: number, chosen: Tensor, spans: SequenceSpans): void {
    const loads = this.#counts?.[layer];
    if (loads === undefined) return;
    const perToken = chosen.size(1);
    const ids = scope(() => chosen.to("cpu").contiguous().toTypedArray()) as BigInt64Array;
    for (const [start, length] of spans) {
      for (let index = start * perToken; index < (start + length) * perToken; index++) {
        const expert = Number(ids[index]);
        loads[expert] = (loads[expert] as number) + 1;
      }
    }
  }

  /** The update is over: moves the biases where it was `applied`, and gives each layer's load. */
  end(applied: boolean): ExpertLoad[] {
    const counts = this.#counts ?? [];
    this.cancel();
    if (applied && this.options.biasStep !== 0) {
      noGrad(() =>
        scope(() => {
          counts.forEach((loads, layer) => {
            const correction = this.#corrections[layer] as Tensor;
            const changes = biasChanges(loads, this.options.biasStep);
            correction.add_(fromTypedArray(changes, { device: correction.device }));
          });
        }),
      );
    }
    return counts.map(expertLoad);
  }
}
