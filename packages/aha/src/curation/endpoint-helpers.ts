/** A rewriter and a judge behind any OpenAI-compatible endpoint: for real models, where rules do not reach. */

import { ChatEndpoint } from "../endpoint/chat-endpoint.ts";
import type { Completer } from "../evaluation/completer.ts";
import { endpointCompleter } from "../evaluation/endpoint-completer.ts";
import { deriveSeed } from "../rollout/seeds.ts";
import { thoughtOf } from "../tasks/language-reward.ts";
import type { AnswerJudge, RewriteInput, Rewriter } from "../tasks/rewriter.ts";
import type { Question } from "../tasks/task.ts";

export interface EndpointHelperOptions {
  /** The address up to `/v1`. */
  readonly url: string;
  readonly model: string;
  /** The environment variable that holds the key. */
  readonly apiKeyVariable?: string;
  /** Default 4,096. */
  readonly maxNewTokens?: number;
  /** The instruction in place of the default. */
  readonly instruction?: string;
}

const openHelper = ({ url, model, apiKeyVariable }: EndpointHelperOptions): Completer =>
  endpointCompleter(
    new ChatEndpoint({
      ...{ url, model },
      apiKey: apiKeyVariable === undefined ? undefined : process.env[apiKeyVariable],
    }),
    Number.POSITIVE_INFINITY,
  );

/** The text of a question's prompt: what a user said, or the prompt as it stands. */
function promptText({ prompt }: Question): string {
  return typeof prompt === "string" ? prompt : prompt.map(({ content }) => content).join("\n\n");
}

const rewriteInstruction =
  "Below are a question and a solution with its thinking. Rewrite the thinking as a person would tell it: in the first person, " +
  "in the question's language only, without changing what is tried, what fails and what is concluded, and without leaving " +
  "out wrong turns. Then write a short summary for the user that gives the result and how it follows, with the final answer " +
  "as the solution has it. Write exactly: <think>, the thinking, </think>, then the summary.";

/**
 * Rewrites by a model into `<think>…</think>` and a summary. Dropped are replies that are cut off or not of that form. What
 * the rewriter made of the answer is not checked here: give the curation `verifier` a task that reads the new form.
 */
export function endpointRewriter(options: EndpointHelperOptions): Rewriter {
  const completer = openHelper(options);
  const instruction = options.instruction ?? rewriteInstruction;
  return {
    name: `${options.model} at ${options.url}`,
    async rewrite(input) {
      const { text, finish } = await ask(completer, rewritePrompt(instruction, input), options, input);
      if (finish === "length") return { dropped: "rewrite-truncated" };
      const served = lastServed(text);
      return served === null ? { dropped: "rewrite-malformed" } : { completion: served };
    },
  };
}

const rewritePrompt = (instruction: string, { question, completion }: RewriteInput): string =>
  `${instruction}\n\nQuestion:\n${promptText(question)}\n\nSolution:\n${completion.trim()}`;

/** The rewriter may itself think first: the last `<think>` with a summary after it is what it wrote for us. */
function lastServed(text: string): string | null {
  const start = text.lastIndexOf("<think>");
  if (start < 0) return null;
  const served = text.slice(start).trim();
  const thought = thoughtOf(served);
  const end = served.indexOf("</think>");
  if (thought === null || thought.trim() === "" || end < 0) return null;
  return served.slice(end + "</think>".length).trim() === "" ? null : served;
}

const judgeInstruction =
  "Below are a question, its reference answer and a solution. Decide whether the solution's final answer agrees with the " +
  "reference answer: the same value, statement or choice, however it is written. Do not solve the question yourself. " +
  "End with one line: Verdict: correct, or Verdict: wrong.";

export interface EndpointJudgeOptions extends EndpointHelperOptions {
  /** The reference answer; default: the question's column `answer`. */
  readonly truth?: (question: Question) => string;
}

/** Judges by a model given the ground truth (DeepSeek-R1 §3.3); prompt and reply are kept with the verdict. */
export function endpointJudge(options: EndpointJudgeOptions): AnswerJudge {
  const completer = openHelper(options);
  const instruction = options.instruction ?? judgeInstruction;
  const truth = options.truth ?? (({ columns }: Question): string => String(columns.answer ?? ""));
  return {
    name: `${options.model} at ${options.url}`,
    async judge(input) {
      const { question, completion } = input;
      const prompt =
        `${instruction}\n\nQuestion:\n${promptText(question)}\n\nReference answer:\n${truth(question)}\n\n` +
        `Solution:\n${completion.trim()}`;
      const { text } = await ask(completer, prompt, options, input);
      const verdicts = [...text.matchAll(/verdict\W*(correct|wrong)\b/gi)];
      const last = verdicts.at(-1)?.[1]?.toLowerCase();
      return { correct: last === undefined ? null : last === "correct", prompt, reply: text };
    },
  };
}

function ask(
  completer: Completer,
  content: string,
  { maxNewTokens = 4_096 }: EndpointHelperOptions,
  { question, completion }: RewriteInput,
): ReturnType<Completer["complete"]> {
  return completer.complete({
    prompt: [{ role: "user", content }],
    sampling: { temperature: 0, topP: 1, topK: 0, minP: 0, maxNewTokens },
    seed: deriveSeed("curation", question.id, completion),
  });
}
