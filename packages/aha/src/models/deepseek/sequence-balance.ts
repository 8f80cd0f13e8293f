/**
 * The complementary balance loss within each sequence (DeepSeek-V3, §2.1.2, eq. 17–20), and how it joins a model's gradient.
 *
 * As the report writes it, an expert counts as chosen where its plain affinity is among the k largest: without the
 * correction bias and without groups.
 */
import { defineFunction, fromTypedArray, noGrad, type Tensor, torch } from "@aha/torch";

/** Which rows of a packed batch make up which sequence: [start, length] each; other rows are padding. */
export type SequenceSpans = readonly (readonly [start: number, length: number])[];

/** The sequence of every row, int64 [T]; padding belongs to one beyond the last. */
function sequenceOfRow(spans: SequenceSpans, rows: number, device: string): Tensor {
  const owners = new BigInt64Array(rows).fill(BigInt(spans.length));
  spans.forEach(([start, length], index) => {
    owners.fill(BigInt(index), start, start + length);
  });
  return fromTypedArray(owners, { device });
}

/**
 * Σ over sequences of Σᵢ fᵢ Pᵢ, a float32 [] tensor: fᵢ = E/(k T) · (tokens that choose i), Pᵢ the mean of i's normalised
 * affinity. `scores` float32 [rows, E]. A perfectly balanced sequence gives 1.
 */
export function sequenceBalanceLoss(scores: Tensor, perToken: number, spans: SequenceSpans): Tensor {
  const [rows, experts] = scores.shape as [number, number];
  const owners = sequenceOfRow(spans, rows, scores.device);
  const lengths = Float32Array.from(spans, ([, length]) => Math.max(1, length));
  const perSequence = (values: Tensor): Tensor =>
    torch
      .zeros([spans.length + 1, experts], { dtype: "float32", device: scores.device })
      .indexAdd(0, owners, values)
      .narrow(0, 0, spans.length);
  const counts = fromTypedArray(lengths, { shape: [spans.length, 1], device: scores.device });
  const frequencies = noGrad(() => {
    const [, best] = scores.detach().topk(perToken, -1, true, false);
    const chosen = scores.detach().mul(0).scatter(1, best, 1);
    return perSequence(chosen)
      .mul(experts / perToken)
      .div(counts);
  });
  const shares = perSequence(scores.div(scores.sum(-1, true))).div(counts);
  return frequencies.mul(shares).sum();
}

const attach = defineFunction({
  name: "withAddedLoss",
  forward(context, value, loss) {
    context.save(loss as Tensor);
    return (value as Tensor).clone();
  },
  backward: ([loss], [gradient]) => [gradient as Tensor, (loss as Tensor).clone().fill_(1)],
});

/** `value` itself, whose backward also carries d(loss): adds a loss to any objective that `value` takes part in. */
export function withAddedLoss(value: Tensor, loss: Tensor): Tensor {
  return attach(value, loss)[0] as Tensor;
}
