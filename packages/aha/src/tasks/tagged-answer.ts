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

/**
 * Whether the completion is exactly one `<think>…</think>` followed by one `<answer>…</answer>`, neither blank,
 * with nothing but white space around and between, and no such tag inside.
 */
export function isWellFormed(completion: string, options: ThinkingOptions = {}): boolean {
  const tags = [...(options.promptOpensThinking ? ["<think>"] : [])];
  const between: string[] = [];
  let end = 0;
  for (const match of completion.matchAll(/<\/?(?:think|answer)>/g)) {
    between.push(completion.slice(end, match.index));
    tags.push(match[0]);
    end = match.index + match[0].length;
    if (tags.length > 4) return false;
  }
  if (tags.join("") !== "<think></think><answer></answer>") return false;
  if (!options.promptOpensThinking && between.shift()?.trim() !== "") return false;
  const [thought, gap, answer] = between as [string, string, string];
  return (
    thought.trim() !== "" && gap.trim() === "" && answer.trim() !== "" && completion.slice(end).trim() === ""
  );
}
