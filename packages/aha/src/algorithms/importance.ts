/**
 * Importance ratios between the policy being trained and the one that sampled.
 *
 * By token: ρ_t = π_θ(o_t) / π_old(o_t) (DeepSeekMath eq. 3). By sequence: the geometric mean over the sequence's tokens,
 * given to each of them (GSPO eq. 7). DeepSeek-R1's text writes the bare product of a sequence's ratios, which leaves any
 * clipping range within a few tokens; the mean is its usable form.
 */
import { noGrad, type Tensor, torch } from "@aha/torch";

/** Log ratios per token from log-probabilities float32 [N]; `sequences` int64 [N] numbers each token's sequence. */
export type ImportanceForm = (policy: Tensor, old: Tensor, sequences: Tensor, counts: Tensor) => Tensor;

/** log ρ of each token by itself. */
export const tokenLogRatio: ImportanceForm = (policy, old) => policy.sub(old);

/** The mean of log ρ over the token's sequence; `counts` float32 [sequences] are the sequences' scored tokens. */
export const sequenceLogRatio: ImportanceForm = (policy, old, sequences, counts) => {
  const logRatio = policy.sub(old);
  const zeros = noGrad(() => torch.zeros(counts.shape, { dtype: logRatio.dtype, device: logRatio.device }));
  const sums = zeros.indexAdd(0, sequences, logRatio);
  return sums.div(counts.clampMin(1)).indexSelect(0, sequences);
};
