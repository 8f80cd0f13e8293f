/** DeepSeek-V3's latents of sequences that come and go one by one: a row for each. */
import { fromTypedArray, type Tensor, torch } from "@aha/torch";
import type { SequenceBatch, SequenceCache } from "../sequence-cache.ts";
import type { DeepseekV3 } from "./deepseek-v3.ts";
import { type LatentLayerCache, placeLatents } from "./latent-cache.ts";

const int64 = (values: readonly number[]): Tensor => fromTypedArray(BigInt64Array.from(values, BigInt));

/** See SequenceCache; prompts go through the absorbed projections too, so that a row's prefix is never expanded. */
export class LatentSequenceCache implements SequenceCache {
  readonly rows: number;
  readonly positions: number;
  readonly spareRow: number;
  readonly bytes: number;
  readonly #model: DeepseekV3;
  readonly #layers: readonly LatentLayerCache[];

  constructor(model: DeepseekV3, rows: number, positions: number) {
    const { config, dtype, device } = model;
    const width = config.latentRank + config.headDimension;
    this.#model = model;
    this.rows = rows;
    this.positions = positions;
    this.spareRow = rows;
    this.bytes = (rows + 1) * positions * model.cachedPerToken * (dtype === "float32" ? 4 : 2);
    // Cleared, because what is masked is still multiplied: by zero, which rubbish might not survive.
    const allocate = (...shape: readonly number[]): Tensor =>
      torch.zeros([...shape, width], { dtype, device }).keep();
    this.#layers = Array.from({ length: config.layers }, () => ({
      prefix: allocate(1, 1),
      own: allocate(rows + 1, positions),
    }));
  }

  extend(row: number, length: number, tokenIds: readonly number[]): Tensor {
    const { device } = this.#model;
    const batch = {
      rows: int64([row]).to(device),
      lengths: int64([length]).to(device),
      prefixIndex: int64([0]).to(device),
    };
    const placement = placeLatents(batch, [0], 1, this.spareRow, tokenIds.length);
    return this.#model.decode(int64(tokenIds).to(device), this.#layers, placement);
  }

  decode({ tokenIds, rows, lengths }: SequenceBatch): Tensor {
    const batch = { rows, lengths, prefixIndex: torch.zerosLike(rows) };
    return this.#model.decode(tokenIds, this.#layers, placeLatents(batch, [0], 1, this.spareRow, 1));
  }

  copy(from: number, to: number, length: number): void {
    for (const { own } of this.#layers) {
      own
        .select(0, to)
        .narrow(0, 0, length)
        .copy_(own.select(0, from).narrow(0, 0, length));
    }
  }

  dispose(): void {
    for (const { prefix, own } of this.#layers) {
      prefix.dispose();
      own.dispose();
    }
  }
}
