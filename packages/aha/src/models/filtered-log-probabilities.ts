/**
 * Log-probabilities under the distribution that top-k, top-p and min-p leave: what a trainer must score where the sampler
 * filtered, so that an on-policy ratio is 1. A chunk of logits at a time, recomputed in backward.
 */
import { defineFunction, enableGrad, grad, noGrad, operator, scope, type Tensor, torch } from "@aha/torch";
import type { TokenScores } from "./token-scores.ts";

const linear = operator("aten::linear");

/** The filters of the sampler, in transformers' order; see rollout/decoder.ts. */
export interface FilterOptions {
  readonly temperature: number;
  readonly topK: number; // 0: off
  readonly topP: number; // 1: off
  readonly minP: number; // 0: off
}

/** True where none of the filters takes anything away: the fused head serves then. */
export function filtersAreOff({ topK, topP, minP }: FilterOptions): boolean {
  return topK === 0 && topP === 1 && minP === 0;
}

/** Rows of logits held at once: about 16 MB of float32. */
const chunkRows = (vocabulary: number): number => Math.max(1, Math.floor((4 * 2 ** 20) / vocabulary));

/** bool [n, V]: the tokens that the filters leave of logits that were divided by the temperature. */
function keptTokens(logits: Tensor, { topK, topP, minP }: FilterOptions): Tensor {
  let kept = torch.onesLike(logits, { dtype: "bool" });
  const withoutFiltered = (): Tensor => logits.maskedFill(kept.logicalNot(), Number.NEGATIVE_INFINITY);
  if (topK > 0 && topK < logits.size(1)) {
    const [values] = logits.topk(topK);
    kept = logits.ge(values.narrow(1, topK - 1, 1));
  }
  if (topP < 1) {
    const probabilities = withoutFiltered().softmax(1);
    const [sorted] = probabilities.sort(1, true);
    // A token stays while the mass in front of it is below p; the least likely that stays is the threshold.
    const stays = sorted.cumsum(1).sub(sorted).lt(topP);
    const threshold = sorted.maskedFill(stays.logicalNot(), 2).amin(1, true);
    kept = kept.logicalAnd(probabilities.ge(threshold));
  }
  if (minP > 0) {
    const probabilities = withoutFiltered().softmax(1);
    kept = kept.logicalAnd(probabilities.ge(probabilities.amax(1, true).mul(minP)));
  }
  return kept;
}

/** The probabilities that are sampled from, float32 [n, V], of logits [n, V]; the temperature must not be 0. */
export function filteredProbabilities(logits: Tensor, options: FilterOptions): Tensor {
  const scaled = logits.to("float32").div(options.temperature);
  if (filtersAreOff(options)) return scaled.softmax(1);
  const kept = keptTokens(scaled, options);
  return scaled.maskedFill(kept.logicalNot(), Number.NEGATIVE_INFINITY).softmax(1);
}

/** Scores of a chunk of rows: hidden [n, D], weight [V, D], targets int64 [n] → float32 [n] each. */
function scoreChunk(hidden: Tensor, weight: Tensor, targets: Tensor, options: FilterOptions): TokenScores {
  const logits = linear(hidden, weight).to("float32").div(options.temperature);
  // The target stays whatever rounding says of it.
  const kept = noGrad(() => keptTokens(logits.detach(), options).scatter(1, targets.unsqueeze(1), true));
  const scores = logits.maskedFill(kept.logicalNot(), Number.NEGATIVE_INFINITY).logSoftmax(1);
  const logProbabilities = scores.gather(1, targets.unsqueeze(1)).squeeze(1);
  const entropy = noGrad(() => {
    const finite = scores.detach().maskedFill(kept.logicalNot(), 0);
    return finite.exp().mul(finite).maskedFill(kept.logicalNot(), 0).sum(1).neg();
  });
  return { logProbabilities, entropy };
}

/** As `tokenLogProbabilities`, of the filtered distribution; the entropy is the filtered distribution's too. */
export function filteredLogProbabilities(
  hidden: Tensor,
  weight: Tensor,
  targets: Tensor,
  options: FilterOptions,
): TokenScores {
  const rows = hidden.size(0);
  const step = chunkRows(weight.size(0));
  const chunks = Array.from({ length: Math.ceil(rows / step) }, (_, index) => ({
    start: index * step,
    length: Math.min(step, rows - index * step),
  }));
  const trainsHead = weight.requiresGrad;
  const scored = defineFunction({
    name: "filteredLogProbabilities",
    forward(context, states, head, wanted) {
      context.save(states as Tensor, head as Tensor, wanted as Tensor);
      const parts = chunks.map(({ start, length }) =>
        scope(() => {
          const of = (tensor: Tensor | undefined): Tensor => (tensor as Tensor).narrow(0, start, length);
          const { logProbabilities, entropy } = scoreChunk(of(states), head as Tensor, of(wanted), options);
          return [logProbabilities, entropy] as const;
        }),
      );
      return [torch.cat(parts.map(([one]) => one)), torch.cat(parts.map(([, other]) => other))];
    },
    backward([states, head, wanted], [gradient]) {
      const [whole, weights, ids, outer] = [states, head, wanted, gradient] as [
        Tensor,
        Tensor,
        Tensor,
        Tensor,
      ];
      const headSum = trainsHead
        ? torch.zeros(weights.shape, { dtype: "float32", device: weights.device })
        : null;
      const parts = chunks.map(({ start, length }) =>
        scope(() => {
          const own = whole.narrow(0, start, length).detach().requiresGrad_();
          const shared = weights.detach().requiresGrad_(trainsHead);
          const { logProbabilities } = enableGrad(() =>
            scoreChunk(own, shared, ids.narrow(0, start, length), options),
          );
          const gradOutputs = [outer.narrow(0, start, length)];
          const leaves = trainsHead ? [own, shared] : [own];
          const [forRows, forHead] = grad(logProbabilities, leaves, { gradOutputs });
          headSum?.add_(forHead as Tensor);
          return forRows as Tensor;
        }),
      );
      return [torch.cat(parts), headSum?.to(weights.dtype) ?? null, null];
    },
  });
  const [logProbabilities, entropy] = scored(hidden, weight, targets) as [Tensor, Tensor];
  return { logProbabilities, entropy: entropy.detach() };
}
