/** What continuous batching keeps of sequences that come and go one by one: a row for each, which prompts are appended to in pieces. */
import type { Tensor } from "@aha/torch";

/** Which rows a decoding step goes on with. B is their number, the padding included. */
export interface SequenceBatch {
  readonly tokenIds: Tensor; // int64 [B], each one's last token
  readonly rows: Tensor; // int64 [B]
  readonly lengths: Tensor; // int64 [B], tokens of it already in its row
}

/** Made outside of any scope; its passes are to be called within one. Dispose it when decoding is over. */
export interface SequenceCache {
  readonly rows: number;
  /** Tokens that a row holds at most. */
  readonly positions: number;
  /** A row that no sequence owns: padding writes there. */
  readonly spareRow: number;
  /** Bytes that all rows take once they are full. */
  readonly bytes: number;
  /** Appends n tokens to the first `length` of a row; final hidden states [n or more, D], of which the first n count. */
  extend(row: number, length: number, tokenIds: readonly number[]): Tensor;
  /** The next hidden states [B, D] of the batch's sequences, whose last tokens go into their rows. */
  decode(batch: SequenceBatch): Tensor;
  /** Copies the first `length` tokens of a row to another. */
  copy(from: number, to: number, length: number): void;
  dispose(): void;
}
