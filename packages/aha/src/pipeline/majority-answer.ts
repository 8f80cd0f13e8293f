/** cons@k: is the answer that most samples agree on the right one? (Wang et al. 2023; DeepSeek-R1, table 2.) */

export interface AnsweredSample {
  /** Null where no answer could be read: it has no vote. */
  readonly answer: string | null;
  readonly right: boolean;
}

/**
 * 1 where the answer with most votes is right; where several share the lead, the share of them that is right. Two samples
 * of one answer are both right or both wrong; should they differ (other text around it), the first decides. 0 without votes.
 */
export function majorityIsRight(samples: readonly AnsweredSample[]): number {
  const votes = new Map<string, { count: number; right: boolean }>();
  for (const { answer, right } of samples) {
    if (answer === null) continue;
    const vote = votes.get(answer) ?? { count: 0, right };
    votes.set(answer, { ...vote, count: vote.count + 1 });
  }
  const most = Math.max(0, ...[...votes.values()].map(({ count }) => count));
  const leading = [...votes.values()].filter(({ count }) => count === most);
  return leading.length === 0 ? 0 : leading.filter(({ right }) => right).length / leading.length;
}
