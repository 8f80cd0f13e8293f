/** A model that judges, behind a server: the options that name it, and a verdict of few letters asked of it. */
import { z } from "zod";
import { ChatEndpoint } from "../../endpoint/chat-endpoint.ts";
import { withoutThinking } from "../../endpoint/thinking-text.ts";
import { TaskDataError } from "../data-task.ts";

/** Spread into the schema of every task with a judge; `aha evaluate --judge` fills them in. */
export const judgeOptions = {
  judgeUrl: z.string().optional().describe("The judge's server, up to /v1."),
  judgeModel: z.string().optional().describe("The judge's name there."),
  judgeKeyVariable: z
    .string()
    .default("OPENAI_API_KEY")
    .describe("The environment variable that holds the judge's key."),
  judgeConcurrency: z.int().min(1).default(16).describe("Verdicts asked for at once."),
};

export interface JudgeOptions {
  readonly judgeUrl?: string | undefined;
  readonly judgeModel?: string | undefined;
  readonly judgeKeyVariable: string;
}

/** A judge that did not settle on a verdict. */
export class JudgeError extends Error {
  override readonly name = "JudgeError";
}

/** How long a verdict may take, with repetitions. */
export const JUDGE_SECONDS = 3600;

/** Judges think, some of them; then only what stands behind the thinking is read. */
const sampling = { temperature: 0, topP: 1, topK: 0, minP: 0, maxNewTokens: 8192, seed: 0 };

/**
 * Asks a question that one of `verdicts` answers; the last that the answer holds as a word counts. Throws TaskDataError
 * at once where no judge is named; the promise rejects with JudgeError or EndpointError.
 */
export function makeJudge(
  task: string,
  { judgeUrl, judgeModel, judgeKeyVariable }: JudgeOptions,
): (question: string, verdicts: readonly string[]) => Promise<string> {
  if (judgeUrl === undefined || judgeModel === undefined) {
    throw new TaskDataError(
      `task "${task}": its answers are judged by a model, and none is named. Give --judge <url> --judge-model <name> ` +
        "(or the options judgeUrl and judgeModel).",
    );
  }
  const endpoint = new ChatEndpoint({
    url: judgeUrl,
    model: judgeModel,
    apiKey: process.env[judgeKeyVariable],
  });
  return async (question, verdicts) => {
    const { text } = await endpoint.complete([{ role: "user", content: question }], sampling);
    const words = withoutThinking(text).match(/[A-Za-z_]+/g) ?? [];
    const verdict = words.findLast((word) => verdicts.includes(word));
    if (verdict !== undefined) return verdict;
    throw new JudgeError(
      `the judge ${judgeModel} was to answer ${verdicts.join(" or ")}, and said ${JSON.stringify(text.slice(-200))}`,
    );
  };
}
