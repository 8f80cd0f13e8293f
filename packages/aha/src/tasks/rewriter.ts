/** What curation takes from outside: who rewrites a completion, and who judges where rules cannot. */
import type { Question } from "./task.ts";

export interface RewriteInput {
  readonly question: Question;
  readonly completion: string;
}

/** The rewritten completion, or why there is none: one short word or two with dashes, which is counted. */
export type Rewritten = { readonly completion: string } | { readonly dropped: string };

export interface Rewriter {
  readonly name: string;
  rewrite(input: RewriteInput): Rewritten | Promise<Rewritten>;
}

/** A judge's verdict with what it was asked and what it said, for the record. */
export interface JudgedAnswer {
  /** Null where the reply says neither. */
  readonly correct: boolean | null;
  readonly prompt: string;
  readonly reply: string;
}

/** A model that compares an answer with the ground truth. */
export interface AnswerJudge {
  readonly name: string;
  judge(input: RewriteInput): Promise<JudgedAnswer>;
}

const hasMethod = (value: unknown, method: string): boolean =>
  typeof value === "object" &&
  value !== null &&
  typeof Reflect.get(value, "name") === "string" &&
  typeof Reflect.get(value, method) === "function";

export const isRewriter = (value: unknown): value is Rewriter => hasMethod(value, "rewrite");
export const isAnswerJudge = (value: unknown): value is AnswerJudge => hasMethod(value, "judge");
