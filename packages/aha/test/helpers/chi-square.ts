/** Pearson's test of counts against probabilities. */

/** (χ² − df) / √(2 df): about standard normal where the counts are drawn from the probabilities. Cells expected below 5 are pooled. */
export function chiSquareScore(counts: readonly number[], probabilities: readonly number[]): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const cells: [number, number][] = [];
  let pool: [number, number] = [0, 0];
  counts.forEach((count, index) => {
    const expected = total * (probabilities[index] as number);
    if (expected >= 5) cells.push([count, expected]);
    else pool = [pool[0] + count, pool[1] + expected];
  });
  if (pool[1] > 0) cells.push(pool);
  const statistic = cells.reduce((sum, [count, expected]) => sum + (count - expected) ** 2 / expected, 0);
  const degrees = Math.max(1, cells.length - 1);
  return (statistic - degrees) / Math.sqrt(2 * degrees);
}
