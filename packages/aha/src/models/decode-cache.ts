/** Keys and values kept while completions are decoded: each prompt's once, and a row of its own for each completion. */
import { fromTypedArray, type Tensor, torch } from "@aha/torch";
import type { Llama } from "./llama.ts";
import { packSequences } from "./ragged-batch.ts";

interface LayerCache {
  readonly prefixKeys: Tensor; // [P, longest prompt, Hk, d]
  readonly prefixValues: Tensor;
  readonly keys: Tensor; // [rows, positions, Hk, d]
  readonly values: Tensor;
}

/** Which completions a decoding step goes on with. B is their number, the padding included. */
export interface DecodeBatch {
  readonly tokenIds: Tensor; // int64 [B], each one's last token
  readonly prefixIndex: Tensor; // int64 [B], each one's prompt
  readonly rows: Tensor; // int64 [B], each one's row of the cache
  readonly lengths: Tensor; // int64 [B], tokens of it already in the cache
}

const int64 = (values: readonly number[]): Tensor => fromTypedArray(BigInt64Array.from(values, BigInt));

/** Made by prefilling prompts; call within a scope. Dispose it when decoding is over. */
export class DecodeCache {
  readonly layers: readonly LayerCache[];
  readonly prefixLengths: Tensor; // int64 [P]
  /** Logits [P, V] after each prompt: what every completion's first token is drawn from. */
  readonly firstLogits: Tensor;
  /** A row that no completion owns: padding writes there. */
  readonly spareRow: number;

  /** Computes the prompts in one pass; `rows` completions of up to `positions` tokens can follow. */
  constructor(model: Llama, prompts: readonly (readonly number[])[], rows: number, positions: number) {
    const { config, dtype, device } = model;
    const longest = Math.max(...prompts.map((prompt) => prompt.length));
    const perToken = [config.keyValueHeads, config.headDimension];
    const allocate = (...shape: readonly number[]): Tensor =>
      torch.zeros([...shape, ...perToken], { dtype, device }).keep();
    this.spareRow = rows;
    this.layers = Array.from({ length: config.layers }, () => ({
      prefixKeys: allocate(prompts.length, longest),
      prefixValues: allocate(prompts.length, longest),
      keys: allocate(rows + 1, positions),
      values: allocate(rows + 1, positions),
    }));
    const batch = packSequences(prompts, device);
    const places = prompts.flatMap((prompt, index) => prompt.map((_, offset) => index * longest + offset));
    const target = int64(places).to(device);
    const hidden = model.hidden(batch, (layer, { keys, values }) => {
      const { prefixKeys, prefixValues } = this.layers[layer] as LayerCache;
      const flat = [prompts.length * longest, ...perToken];
      // Without the packing's padding.
      prefixKeys.view(flat).indexCopy_(0, target, keys.narrow(0, 0, places.length));
      prefixValues.view(flat).indexCopy_(0, target, values.narrow(0, 0, places.length));
    });
    const last = prompts.map((prompt, index) => (batch.starts[index] as number) + prompt.length - 1);
    this.firstLogits = model.logits(hidden.indexSelect(0, int64(last).to(device))).keep();
    this.prefixLengths = int64(prompts.map((prompt) => prompt.length))
      .to(device)
      .keep();
  }

  dispose(): void {
    for (const layer of this.layers) for (const tensor of Object.values(layer) as Tensor[]) tensor.dispose();
    this.firstLogits.dispose();
    this.prefixLengths.dispose();
  }
}
