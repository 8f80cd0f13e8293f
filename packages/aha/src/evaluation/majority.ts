/** cons@k: the answer that most samples of a question agree on, by verified equivalence. */

export interface Vote {
  /** Null for a completion without an answer: it does not vote. */
  readonly answer: string | null;
  readonly value: number; // 1 right, 0 wrong
}

export interface Majority {
  /** Whether the winner is right, 0 … 1; with a tie the mean over the tied answers, as if one of them was drawn. */
  readonly value: number;
  readonly tied: boolean;
  /** An answer of the winners'; null where nobody voted. */
  readonly answer: string | null;
  readonly votes: number; // of the winner
}

interface Camp {
  readonly answer: string;
  votes: number;
  value: number; // summed over its members
}

/** Answers equal as text are one; others are compared by `same` with the first answer of each camp. */
export async function majorityOf(
  votes: readonly Vote[],
  same: (first: string, second: string) => boolean | Promise<boolean>,
): Promise<Majority> {
  const byText = new Map<string, Camp>();
  for (const { answer, value } of votes) {
    if (answer === null) continue;
    const camp = byText.get(answer) ?? { answer, votes: 0, value: 0 };
    camp.votes += 1;
    camp.value += value;
    byText.set(answer, camp);
  }
  const camps: Camp[] = [];
  // The most frequent spelling first, so that it stands for its camp.
  for (const camp of [...byText.values()].sort((a, b) => b.votes - a.votes)) {
    const known = await findCamp(camps, camp.answer, same);
    if (known === null) camps.push({ ...camp });
    else {
      known.votes += camp.votes;
      known.value += camp.value;
    }
  }
  const most = Math.max(0, ...camps.map((camp) => camp.votes));
  const winners = camps.filter((camp) => camp.votes === most);
  if (winners.length === 0) return { value: 0, tied: false, answer: null, votes: 0 };
  const value = winners.reduce((sum, camp) => sum + camp.value / camp.votes, 0) / winners.length;
  return { value, tied: winners.length > 1, answer: winners[0]?.answer ?? null, votes: most };
}

async function findCamp(
  camps: readonly Camp[],
  answer: string,
  same: (first: string, second: string) => boolean | Promise<boolean>,
): Promise<Camp | null> {
  for (const camp of camps) if (await same(camp.answer, answer)) return camp;
  return null;
}
