/** DeepSeek-V3's decoding: prompts' latents once, a row of latents for each completion; also for the prediction module. */
import { fromTypedArray, type Tensor, torch } from "@aha/torch";
import type { DecodeBatch } from "../decode-cache.ts";
import type { Decoding } from "../language-model.ts";
import { packSequences } from "../ragged-batch.ts";
import type { DeepseekV3 } from "./deepseek-v3.ts";
import { type LatentLayerCache, type LatentPlacement, placeLatents } from "./latent-cache.ts";

const int64 = (values: readonly number[]): Tensor => fromTypedArray(BigInt64Array.from(values, BigInt));

/** Made by prefilling prompts; call within a scope. */
export class LatentDecoding implements Decoding {
  readonly firstLogits: Tensor; // [P, V]
  /** Final hidden states [P, D] of each prompt's last token. */
  readonly firstHidden: Tensor;
  readonly spareRow: number;
  /** Of every layer, and after them of the prediction module where one is used. */
  readonly layers: readonly LatentLayerCache[];
  readonly #model: DeepseekV3;
  readonly #prompts: readonly number[]; // [P], tokens of each
  readonly #longest: number;

  /**
   * Computes the prompts in one pass; `rows` completions of up to `positions` tokens can follow. `ahead` fills a cache for
   * the prediction module too.
   */
  constructor(
    model: DeepseekV3,
    prompts: readonly (readonly number[])[],
    rows: number,
    positions: number,
    ahead = false,
  ) {
    const { config, dtype, device } = model;
    const width = config.latentRank + config.headDimension;
    this.#model = model;
    this.#prompts = prompts.map((prompt) => prompt.length);
    const longest = Math.max(...this.#prompts);
    this.#longest = longest;
    this.spareRow = rows;
    const allocate = (...shape: readonly number[]): Tensor =>
      torch.zeros([...shape, width], { dtype, device }).keep();
    this.layers = Array.from({ length: config.layers + (ahead ? 1 : 0) }, (_, layer) => ({
      prefix: allocate(prompts.length, longest),
      // The module's own entries begin a token earlier: with the pair of the prompt's last token and the first sampled one.
      own: allocate(rows + 1, positions + (layer === config.layers ? 1 : 0)),
    }));
    const batch = packSequences(prompts, device);
    const places = prompts.flatMap((prompt, index) => prompt.map((_, offset) => index * longest + offset));
    const target = int64(places).to(device);
    const keep = (layer: number, entries: Tensor): void => {
      const { prefix } = this.layers[layer] as LatentLayerCache;
      prefix.view(-1, width).indexCopy_(0, target, entries.narrow(0, 0, places.length));
    };
    const hidden = model.hidden(batch, keep);
    const last = prompts.map((prompt, index) => (batch.starts[index] as number) + prompt.length - 1);
    this.firstHidden = hidden.indexSelect(0, int64(last).to(device)).keep();
    this.firstLogits = model.logits(this.firstHidden).keep();
    if (!ahead) return;
    const next = new Array<number>(batch.tokens).fill(0);
    prompts.forEach((prompt, index) => {
      for (let offset = 1; offset < prompt.length; offset++)
        next[(batch.starts[index] as number) + offset - 1] = prompt[offset] as number;
    });
    // The last row of each prompt has no next token yet: its entry is never attended to.
    model.predictAhead(batch, hidden, int64(next).to(device), keep);
  }

  /** Bytes of all caches. */
  get bytes(): number {
    return this.layers.reduce(
      (sum, { prefix, own }) =>
        sum + (prefix.elementCount + own.elementCount) * (prefix.dtype === "float32" ? 4 : 2),
      0,
    );
  }

  /** Where `width` new tokens a completion stand; with `ahead` in the prediction module's cache. */
  place(batch: Omit<DecodeBatch, "tokenIds">, width: number, ahead = false): LatentPlacement {
    const lengths = ahead ? this.#prompts.map((length) => length - 1) : this.#prompts;
    return placeLatents(batch, lengths, this.#longest, this.spareRow, width);
  }

  decode(batch: DecodeBatch): Tensor {
    return this.#model.decode(batch.tokenIds, this.layers, this.place(batch, 1));
  }

  dispose(): void {
    for (const { prefix, own } of this.layers) {
      prefix.dispose();
      own.dispose();
    }
    this.firstHidden.dispose();
    this.firstLogits.dispose();
  }
}
