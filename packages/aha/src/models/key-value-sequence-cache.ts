/** Keys and values of the dense decoders' sequences that come and go one by one. */
import { fromTypedArray, operator, type Tensor, torch } from "@aha/torch";
import type { Llama } from "./llama.ts";
import { packSequences } from "./ragged-batch.ts";
import type { SequenceBatch, SequenceCache } from "./sequence-cache.ts";

const splitRotary = operator("aha::split_rotary");
const raggedAttention = operator("aha::ragged_attention");
const decodeAttention = operator("aha::decode_attention_qkv");

interface LayerRows {
  readonly keys: Tensor; // [rows + 1, positions, Hk, d]
  readonly values: Tensor;
}

/** The dense decoders' rows. Memory is reserved, and on CPUs taken only as rows are first filled. */
export class KeyValueSequenceCache implements SequenceCache {
  readonly rows: number;
  readonly positions: number;
  readonly spareRow: number;
  readonly bytes: number;
  readonly #model: Llama;
  readonly #layers: readonly LayerRows[];
  /** A prompt of no tokens, in front of every row. */
  readonly #noPrefix: Tensor; // [1, 1, Hk, d]
  readonly #noPrefixLength: Tensor; // int64 [1]

  constructor(model: Llama, rows: number, positions: number) {
    const { config, dtype, device } = model;
    const perToken = [config.keyValueHeads, config.headDimension];
    // Never read beyond what was written, so it need not be cleared.
    const allocate = (): Tensor => torch.empty([rows + 1, positions, ...perToken], { dtype, device }).keep();
    this.#model = model;
    this.rows = rows;
    this.positions = positions;
    this.spareRow = rows;
    this.bytes = (rows + 1) * positions * model.cachedPerToken * (dtype === "float32" ? 4 : 2);
    this.#layers = Array.from({ length: config.layers }, () => ({ keys: allocate(), values: allocate() }));
    this.#noPrefix = torch.zeros([1, 1, ...perToken], { dtype, device }).keep();
    this.#noPrefixLength = torch.zeros([1], { dtype: "int64", device }).keep();
  }

  extend(row: number, length: number, tokenIds: readonly number[]): Tensor {
    const model = this.#model;
    const { heads, keyValueHeads } = model.config;
    const { cosines, sines } = model.rotary;
    const count = tokenIds.length;
    const batch = packSequences([tokenIds], model.device);
    const positions = batch.positions.add(length);
    // The padding's positions may lie beyond the tables.
    const places = positions.clamp(0, model.positions - 1);
    const segments = length === 0 ? batch.segments : shifted(batch.segments, length);
    return model.hiddenThrough(batch.tokenIds, (projected, index) => {
      const [queries, keys, values] = splitRotary(projected, places, cosines, sines, heads, keyValueHeads);
      const layer = this.#layers[index] as LayerRows;
      const held = (of: Tensor, from: number, size: number): Tensor =>
        of.select(0, row).narrow(0, from, size);
      held(layer.keys, length, count).copy_(keys.narrow(0, 0, count));
      held(layer.values, length, count).copy_(values.narrow(0, 0, count));
      if (length === 0) return raggedAttention(queries, keys, values, segments, model.scale);
      const before = [held(layer.keys, 0, length), held(layer.values, 0, length)] as const;
      // The earlier tokens' queries are covered by no segment, so that nothing is computed for them.
      const blank = torch.zeros([length, heads, queries.size(2)], {
        dtype: queries.dtype,
        device: queries.device,
      });
      const attended = raggedAttention(
        torch.cat([blank, queries]),
        torch.cat([before[0], keys]),
        torch.cat([before[1], values]),
        segments,
        model.scale,
      );
      return attended.narrow(0, length, batch.tokens).contiguous();
    });
  }

  decode({ tokenIds, rows, lengths }: SequenceBatch): Tensor {
    const model = this.#model;
    const { heads, keyValueHeads } = model.config;
    const { cosines, sines } = model.rotary;
    const prefixes = torch.zerosLike(rows);
    return model.hiddenThrough(tokenIds, (projected, index) => {
      const { keys, values } = this.#layers[index] as LayerRows;
      return decodeAttention(
        projected,
        this.#noPrefix,
        this.#noPrefix,
        prefixes,
        this.#noPrefixLength,
        keys,
        values,
        rows,
        lengths,
        cosines,
        sines,
        model.scale,
        heads,
        keyValueHeads,
      );
    });
  }

  copy(from: number, to: number, length: number): void {
    for (const { keys, values } of this.#layers) {
      for (const tensor of [keys, values]) {
        tensor
          .select(0, to)
          .narrow(0, 0, length)
          .copy_(tensor.select(0, from).narrow(0, 0, length));
      }
    }
  }

  dispose(): void {
    for (const { keys, values } of this.#layers) {
      keys.dispose();
      values.dispose();
    }
    this.#noPrefix.dispose();
    this.#noPrefixLength.dispose();
  }
}

/** The segments of a packed sequence and its padding, moved behind `length` tokens that the sequence attends to. */
function shifted(segments: Tensor, length: number): Tensor {
  const table = segments.toTypedArray() as BigInt64Array;
  for (let row = 0; row < table.length; row += 4) {
    table[row] = (table[row] as bigint) + BigInt(length);
    if (row === 0) table[3] = BigInt(length);
  }
  return fromTypedArray(table, { shape: [table.length / 4, 4] });
}
