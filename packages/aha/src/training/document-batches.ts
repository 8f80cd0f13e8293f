/** Pretraining batches: whole documents packed up to a number of tokens, each attending only to itself. */
import type { Tokenizer } from "../folder/tokenizer.ts";
import type { LabelledSequence } from "./labelled-sequence.ts";

/** What one update learns from. */
export interface TrainingBatch {
  readonly sequences: readonly LabelledSequence[];
  /** Documents or examples taken from the stream so far; what a resumed run passes over. */
  readonly taken: number;
}

export interface DocumentBatchOptions {
  readonly tokensPerBatch: number;
  /** Longer documents are cut into pieces of this many tokens. */
  readonly sequenceLength: number;
  readonly endTokenId: number;
  /** Documents to pass over first. */
  readonly skip: number;
}

/** Batches of at least one document, each closed by the end-of-sequence id, and at most `tokensPerBatch` tokens, in the stream's order. Finite streams end. */
export function* documentBatches(
  documents: Iterable<string>,
  tokenizer: Tokenizer,
  options: DocumentBatchOptions,
): Generator<TrainingBatch> {
  const { tokensPerBatch, sequenceLength, endTokenId, skip } = options;
  let sequences: LabelledSequence[] = [];
  let tokens = 0;
  let taken = 0;
  for (const document of documents) {
    taken++;
    if (taken <= skip) continue;
    const ids = [...tokenizer.encode(document, { addSpecialTokens: false }), endTokenId];
    // A full batch goes out before the document that would overfill it, which then opens the next one.
    if (sequences.length > 0 && tokens + ids.length > tokensPerBatch) {
      yield { sequences, taken: taken - 1 };
      sequences = [];
      tokens = 0;
    }
    for (let start = 0; start < ids.length - 1; start += sequenceLength) {
      // Pieces overlap by one token, so that every token but the first is predicted once.
      const piece = ids.slice(start, start + sequenceLength + 1);
      sequences.push({ tokenIds: piece, counted: null });
      tokens += piece.length;
    }
  }
  if (sequences.length > 0) yield { sequences, taken };
}
