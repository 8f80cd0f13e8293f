/** Finds the answers in a completion that thinks in `<think>` and answers in `<answer>`. */

export interface ThinkingOptions {
  /** True where the prompt already ends in `<think>`, so that the completion begins inside the thinking. */
  readonly promptOpensThinking?: boolean;
}

/**
 * Contents of the closed `<answer>` elements outside the thinking, in order, untrimmed. An answer inside the
 * thinking, one that is never closed, and anything after a `<think>` that is never closed do not count.
 * Linear in the text.
 */
export function findAnswers(completion: string, options: ThinkingOptions = {}): string[] {
  const answers: string[] = [];
  let thinking = options.promptOpensThinking ?? false;
  let answerStart = -1;
  for (const match of completion.matchAll(/<(\/?)(think|answer)>/g)) {
    const [tag, slash, name] = match;
    const closes = slash === "/";
    if (name === "think") {
      thinking = !closes;
      answerStart = -1;
    } else if (thinking) {
      // An answer tag in the thinking is part of the thought.
    } else if (!closes) {
      answerStart = match.index + tag.length;
    } else if (answerStart >= 0) {
      answers.push(completion.slice(answerStart, match.index));
      answerStart = -1;
    }
  }
  return answers;
}
