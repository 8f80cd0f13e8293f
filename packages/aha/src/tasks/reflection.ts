/** Counts the words by which the R1 paper watches reflection appear. */

/** The paper's list. */
export const reflectiveWords = [
  "wait",
  "mistake",
  "however",
  "but",
  "retry",
  "error",
  "verify",
  "wrong",
  "evaluate",
  "check",
] as const;

export type ReflectiveWord = (typeof reflectiveWords)[number];

const pattern = new RegExp(`(?<![\\p{L}\\p{N}_])(?:${reflectiveWords.join("|")})(?![\\p{L}\\p{N}_])`, "giu");

/** How often each word occurs in one completion: whole words, in any case. */
export function countReflectiveWords(completion: string): Record<ReflectiveWord, number> {
  const counts = Object.fromEntries(reflectiveWords.map((word) => [word, 0])) as Record<
    ReflectiveWord,
    number
  >;
  for (const [word] of completion.matchAll(pattern)) counts[word.toLowerCase() as ReflectiveWord]++;
  return counts;
}
