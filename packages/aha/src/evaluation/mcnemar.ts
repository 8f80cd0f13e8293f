/** McNemar's exact test: of the questions that only one model answers rightly, are as many the other's? */

/**
 * The two-sided p-value of `firstOnly` against `secondOnly` under a fair coin (McNemar 1947, by the binomial
 * distribution); 1 where there is no such question.
 */
export function mcnemar(firstOnly: number, secondOnly: number): number {
  const trials = firstOnly + secondOnly;
  const fewer = Math.min(firstOnly, secondOnly);
  let tail = 0;
  for (let count = 0; count <= fewer; count++) tail += Math.exp(logChoose(trials, count) - trials * Math.LN2);
  return Math.min(1, 2 * tail);
}

function logChoose(all: number, chosen: number): number {
  let sum = 0;
  for (let index = 1; index <= chosen; index++) sum += Math.log(all - chosen + index) - Math.log(index);
  return sum;
}
