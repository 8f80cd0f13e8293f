/** Supervised batches: every epoch a new shuffle of the examples, by arithmetic alone, so that there is no cursor to lose. */
import { deriveSeed, shuffled } from "../rollout/seeds.ts";
import type { TrainingBatch } from "./document-batches.ts";
import type { LabelledSequence } from "./labelled-sequence.ts";

export interface ExampleBatchOptions {
  readonly examplesPerBatch: number;
  readonly epochs: number;
  readonly seed: number;
  /** Examples to pass over first, counted over all epochs. */
  readonly skip: number;
}

/** Updates that so many epochs take; the last batch of an epoch may be smaller. */
export function stepsOfEpochs(
  examples: number,
  { examplesPerBatch, epochs }: Omit<ExampleBatchOptions, "seed" | "skip">,
): number {
  return epochs * Math.ceil(examples / examplesPerBatch);
}

/** The items of each batch, in every epoch's own order. */
export function* shuffledBatches<Item>(
  items: readonly Item[],
  { examplesPerBatch, epochs, seed, skip }: ExampleBatchOptions,
): Generator<{ readonly items: readonly Item[]; readonly taken: number }> {
  for (let epoch = 0; epoch < epochs; epoch++) {
    if (skip >= (epoch + 1) * items.length) continue;
    const order = shuffled(items, deriveSeed(seed, "epoch", epoch));
    for (let start = 0; start < order.length; start += examplesPerBatch) {
      const chosen = order.slice(start, start + examplesPerBatch);
      const taken = epoch * items.length + start + chosen.length;
      if (taken > skip) yield { items: chosen, taken };
    }
  }
}

/** An example is the list of its sequences. Within a batch they are sorted by length, so that micro-batches are even. */
export function* exampleBatches(
  examples: readonly (readonly LabelledSequence[])[],
  options: ExampleBatchOptions,
): Generator<TrainingBatch> {
  for (const { items, taken } of shuffledBatches(examples, options)) {
    const sequences = items.flat().sort((a, b) => a.tokenIds.length - b.tokenIds.length);
    yield { sequences, taken };
  }
}
