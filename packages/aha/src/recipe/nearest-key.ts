/** Finds the known key a mistyped one was most likely meant to be. */

/**
 * Optimal string alignment distance: insertions, deletions, substitutions and swaps of neighbours,
 * each costing 1 (Damerau 1964, restricted form).
 */
export function editDistance(left: string, right: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: right.length + 1 }, (_, column) => column);
  for (let row = 1; row <= left.length; row++) {
    const current = [row];
    for (let column = 1; column <= right.length; column++) {
      const substitution = left[row - 1] === right[column - 1] ? 0 : 1;
      let best = Math.min(
        (previous[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (previous[column - 1] ?? 0) + substitution,
      );
      const swapped = left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      if (row > 1 && column > 1 && swapped) best = Math.min(best, (beforePrevious[column - 2] ?? 0) + 1);
      current.push(best);
    }
    beforePrevious = previous;
    previous = current;
  }
  return previous[right.length] ?? 0;
}

/** Ignores case, dashes and underscores, so that `learning_rate` is as near to `learningRate` as can be. */
const plain = (key: string) => key.toLowerCase().replace(/[-_]/g, "");

/** The candidate nearest to `key`, or undefined where nothing is near enough to be meant. */
export function nearestKey(key: string, candidates: readonly string[]): string | undefined {
  const ranked = candidates
    .map((candidate) => ({ candidate, distance: editDistance(plain(key), plain(candidate)) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  return best !== undefined && best.distance <= Math.ceil(key.length / 3) ? best.candidate : undefined;
}
