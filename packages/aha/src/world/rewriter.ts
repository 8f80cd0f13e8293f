/** The rule-based rewriter of the miniature's cold start: R1-Zero's thought in the served form, in its question's language. */

import { thoughtOf } from "../tasks/language-reward.ts";
import type { Rewriter } from "../tasks/rewriter.ts";
import { readAnswer } from "./answers.ts";
import { readWorldColumns } from "./questions.ts";
import { readRawThought, servedAnswer, type Thought, writeServedThought } from "./thought.ts";

/**
 * Every line of the result is a step of the original; nothing is thought anew. Left out are thoughts that cannot be read
 * back, that make the same step twice, or whose answer they do not lead to.
 */
export function worldRewriter(): Rewriter {
  return {
    name: "world-rules",
    rewrite({ question, completion }) {
      const { problem, language } = readWorldColumns(question.columns);
      const text = thoughtOf(completion);
      if (text === null) return { dropped: "no-thought" };
      const thought = readRawThought(text, problem.form, problem.readStep);
      if (thought === null) return { dropped: "unreadable-thought" };
      if (repeats(thought)) return { dropped: "repeated-step" };
      if (!thought.succeeded) return { dropped: "unfounded-answer" };
      const answer = readAnswer(completion, "answer");
      if (answer === null) return { dropped: "no-answer" };
      return {
        completion: writeServedThought(thought, language) + servedAnswer(answer.trim(), language),
      };
    },
  };
}

function repeats({ steps }: Thought): boolean {
  return new Set(steps.map((step) => step.write("en"))).size < steps.length;
}
