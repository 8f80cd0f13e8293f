/** Dropout of adapters' inputs whose masks are named by seeds, so that a recomputed layer draws them again. */
import { generator, type Tensor, torch } from "@aha/torch";

/** A seed of one pass for the module of a path. */
export type MaskSeeds = (path: string) => bigint;

export class AdapterDropout {
  readonly #rate: number;
  readonly #seeds: MaskSeeds;

  /** `rate` below 1 is the probability of a 0. */
  constructor(rate: number, seeds: MaskSeeds) {
    this.#rate = rate;
    this.#seeds = seeds;
  }

  /** 0 or 1 / (1 − rate) for each element of a module's input: the same however often it is asked for. */
  mask(path: string, input: Tensor): Tensor {
    const { shape, dtype, device } = input;
    const kept = 1 - this.#rate;
    const drawn = torch.empty(shape, { dtype, device });
    return drawn.bernoulli_(kept, { generator: generator(this.#seeds(path), device) }).div_(kept);
  }
}
