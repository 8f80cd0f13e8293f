/** Token ids with a mark on those that are learnt: the unit of every language-modelling update. */

export interface LabelledSequence {
  readonly tokenIds: readonly number[];
  /** Whether each token is to be predicted (the first one never is); `null`: all of them. */
  readonly counted: readonly boolean[] | null;
}

/** How many tokens of a sequence are predicted. */
export function countedTokens({ tokenIds, counted }: LabelledSequence): number {
  if (counted === null) return Math.max(0, tokenIds.length - 1);
  return counted.reduce((sum, one, index) => sum + (one && index > 0 ? 1 : 0), 0);
}
