/** Reads the answer out of a completion in either form, and judges it. */
import { findAnswers } from "@aha/verify";
import type { WorldVerdict } from "./kind.ts";
import { unparsed, wrong } from "./kind.ts";
import type { Language } from "./language.ts";
import type { BoundProblem } from "./questions.ts";

/** `answer`: R1-Zero's `<think>…</think> <answer>…</answer>`; `summary`: R1's thought and summary with a box. */
export type WorldForm = "answer" | "summary";

/** What stands after the thought; the whole text where there is none. */
export function summaryOf(completion: string): string {
  const end = completion.lastIndexOf("</think>");
  return end < 0 ? completion : completion.slice(end + "</think>".length);
}

/** Contents of the boxes in the summary; the world's answers hold no braces. */
const boxesIn = (summary: string): string[] =>
  [...summary.matchAll(/\\boxed\{([^{}]*)\}/g)].map(([, content]) => content ?? "");

/** The one answer given; null where there is none or several that differ. */
export function readAnswer(completion: string, form: WorldForm): string | null {
  const thinking = completion.includes("<think>") && !completion.includes("</think>");
  const answers =
    form === "answer" ? findAnswers(completion) : thinking ? [] : boxesIn(summaryOf(completion));
  const different = new Set(answers.map((answer) => answer.trim()));
  return different.size === 1 ? ([...different][0] as string) : null;
}

/** `unparsed` without an answer, `wrong` where several differ: not correct by luck. */
export function judgeWorldAnswer(
  completion: string,
  problem: BoundProblem,
  language: Language,
  form: WorldForm,
): WorldVerdict {
  const answer = readAnswer(completion, form);
  if (answer !== null) return problem.judge(answer, language);
  const several = form === "answer" ? findAnswers(completion).length : boxesIn(summaryOf(completion)).length;
  return several > 1
    ? wrong("several answers that differ")
    : unparsed(form === "answer" ? "no <answer>…</answer> outside the thinking" : "no box in the summary");
}
