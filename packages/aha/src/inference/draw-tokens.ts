/** Draws the next token of every sequence in a batch, each by its own settings and seed. */
import { fromTypedArray, indices, operator, type Tensor } from "@aha/torch";
import type { SequenceSampling, TokenScore } from "./sequence-request.ts";

const sampleRows = operator("aha::sample");

/** What drawing needs to know of a sequence. */
export interface DrawnSequence {
  readonly seed: bigint;
  readonly sampling: SequenceSampling;
  /** The tokens generated so far: the position of the one to be drawn, and what penalties count. */
  readonly tokenIds: readonly number[];
}

/** One id for each row of logits [n, V]. A row's draw depends on its own logits, settings, seed and position alone. */
export function drawTokens(logits: Tensor, sequences: readonly DrawnSequence[]): number[] {
  const drawn = new Array<number>(sequences.length);
  for (const rows of bySettings(sequences)) {
    const own = rows.map((row) => sequences[row] as DrawnSequence);
    const [first] = own as [DrawnSequence, ...DrawnSequence[]];
    const chosen =
      rows.length === sequences.length ? logits : logits.indexSelect(0, indices(rows).to(logits.device));
    const { temperature, topK, topP, minP } = first.sampling;
    const int64 = (values: readonly (number | bigint)[]): Tensor =>
      fromTypedArray(BigInt64Array.from(values, BigInt), { device: logits.device });
    const [ids] = sampleRows(
      adjusted(chosen, own),
      int64(own.map(({ seed }) => seed)),
      int64(own.map(({ tokenIds }) => tokenIds.length)),
      temperature,
      topK,
      topP,
      minP,
    );
    const values = ids.toTypedArray() as BigInt64Array;
    rows.forEach((row, index) => {
      drawn[row] = Number(values[index]);
    });
  }
  return drawn;
}

/** Rows that one call of the sampler serves; those with changed logits go alone. */
function bySettings(sequences: readonly DrawnSequence[]): number[][] {
  const groups = new Map<string, number[]>();
  sequences.forEach(({ sampling }, row) => {
    const { temperature, topK, topP, minP } = sampling;
    const key = isAdjusted(sampling) ? `row ${row}` : [temperature, topK, topP, minP].join(" ");
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [row]);
    else group.push(row);
  });
  return [...groups.values()];
}

const isAdjusted = ({ frequencyPenalty, presencePenalty, logitBias }: SequenceSampling): boolean =>
  frequencyPenalty !== 0 || presencePenalty !== 0 || logitBias.length > 0;

/** The logits with a sequence's biases and penalties: z − count · frequency − [count > 0] · presence + bias, as OpenAI states it. */
function adjusted(logits: Tensor, sequences: readonly DrawnSequence[]): Tensor {
  const [sequence] = sequences;
  if (sequence === undefined || !isAdjusted(sequence.sampling)) return logits;
  const { frequencyPenalty, presencePenalty, logitBias } = sequence.sampling;
  const changes = new Map<number, number>(logitBias);
  if (frequencyPenalty !== 0 || presencePenalty !== 0) {
    const counts = new Map<number, number>();
    for (const id of sequence.tokenIds) counts.set(id, (counts.get(id) ?? 0) + 1);
    for (const [id, count] of counts)
      changes.set(id, (changes.get(id) ?? 0) - count * frequencyPenalty - presencePenalty);
  }
  const { device } = logits;
  const values = fromTypedArray(Float32Array.from(changes.values()), { device });
  // A copy, because other uses of the logits must not see the change.
  return logits.to("float32").indexAdd(1, indices([...changes.keys()]).to(device), values.unsqueeze(0));
}

/** How likely the model holds the given tokens after each row of logits [n, V], and the `top` likeliest ones. */
export function scoreTokens(logits: Tensor, tokenIds: readonly number[], top: number): TokenScore[] {
  const all = logits.narrow(0, 0, tokenIds.length).logSoftmax(1, "float32");
  const own = all.gather(1, indices(tokenIds).to(logits.device).unsqueeze(1)).toNumbers();
  const [values, ids] = top > 0 ? all.topk(top, 1) : [null, null];
  const [bestValues, bestIds] = [values?.toNumbers() ?? [], ids?.toNumbers() ?? []];
  return tokenIds.map((tokenId, row) => ({
    tokenId,
    logProbability: own[row] as number,
    top: Array.from({ length: top }, (_, place) => {
      const index = row * top + place;
      return [bestIds[index] as number, bestValues[index] as number] as const;
    }),
  }));
}
