/** `POST /v1/completions`: texts or token ids in, with `echo` and log-probabilities as evaluation harnesses need them. */
import { randomUUID } from "node:crypto";
import type { ServerResponse } from "node:http";
import { ApiError } from "./api-error.ts";
import { ChoiceState, usageOf } from "./choice-state.ts";
import { EventStream } from "./event-stream.ts";
import { completionLogProbabilities } from "./log-probability-fields.ts";
import type { ModelService } from "./model-service.ts";
import { type CompletionRequest, completionSchema, parseRequest } from "./request-schemas.ts";
import { type Caller, runSequences } from "./run-sequences.ts";
import { sendJson } from "./send-json.ts";
import { planSequences } from "./sequence-plan.ts";
import { streamed } from "./streamed.ts";

/** OpenAI's own default. */
const MAX_TOKENS = 16;

interface Prompt {
  readonly text: string;
  readonly tokenIds: readonly number[];
}

export async function completions(
  service: ModelService,
  body: unknown,
  caller: Caller,
  response: ServerResponse,
): Promise<void> {
  const fields = parseRequest(completionSchema, body);
  const { id: model, adapter } = service.model(fields.model);
  const echo = fields.echo === true;
  const top = fields.logprobs ?? null;
  const prompts = promptsOf(service, fields.prompt, echo);
  const sequences = prompts.flatMap(({ tokenIds }) =>
    planSequences(service, fields, {
      adapter,
      promptTokenIds: tokenIds,
      maxNewTokens: fields.max_tokens ?? MAX_TOKENS,
      topLogProbabilities: top,
      scorePrompt: echo && top !== null,
      reasoning: null,
    }),
  );
  const samples = fields.n ?? 1;
  const choices = sequences.map(() => new ChoiceState());
  const promptOf = (index: number): Prompt => prompts[Math.floor(index / samples)] as Prompt;
  const usage = () =>
    usageOf(
      prompts.map(({ tokenIds }, index) => ({
        tokens: tokenIds.length,
        choices: choices.slice(index * samples, (index + 1) * samples),
      })),
    );
  const head = {
    id: `cmpl-${randomUUID()}`,
    object: "text_completion",
    created: Math.floor(Date.now() / 1000),
    model,
  };
  const run = runSequences(service, sequences, caller);
  if (fields.stream !== true) {
    for await (const { index, event } of run) choices[index]?.take(event);
    if (caller.signal.aborted) return;
    const wholes = choices.map((choice, index) =>
      wholeChoice(service, fields, choice, index, promptOf(index)),
    );
    sendJson(response, 200, { ...head, choices: wholes, usage: usage() });
    return;
  }
  const withUsage = fields.stream_options?.include_usage === true;
  const chunkHead = { ...head, ...(withUsage ? { usage: null } : {}) };
  await streamed(new EventStream(response), caller.signal, async (stream) => {
    for await (const { index, event } of run) {
      const choice = choices[index] as ChoiceState;
      const prompt = promptOf(index);
      const first = choice.tokenIds.length === 0;
      const offset = (echo ? prompt.text.length : 0) + choice.text.length;
      choice.take(event);
      const scores = [...(first ? (event.promptScores ?? []) : []), ...(event.scores ?? [])];
      const text = (first && echo ? prompt.text : "") + event.text;
      const silent = text === "" && scores.length === 0 && event.finish === undefined;
      if (silent && fields.return_token_ids !== true) continue;
      const chunk = {
        index,
        text,
        logprobs:
          top === null
            ? null
            : completionLogProbabilities(service.tokenizer, scores, first && echo ? 0 : offset),
        finish_reason: event.finish ?? null,
        ...(fields.return_token_ids === true ? { token_ids: event.tokenIds } : {}),
      };
      await stream.send({ ...chunkHead, choices: [chunk] });
    }
    if (withUsage) await stream.send({ ...chunkHead, choices: [], usage: usage() });
  });
}

function wholeChoice(
  { tokenizer }: ModelService,
  fields: CompletionRequest,
  choice: ChoiceState,
  index: number,
  prompt: Prompt,
): Readonly<Record<string, unknown>> {
  const echo = fields.echo === true;
  const scores = [...choice.promptScores, ...choice.scores];
  const scored = fields.logprobs !== undefined && fields.logprobs !== null;
  return {
    index,
    text: (echo ? prompt.text : "") + choice.text,
    logprobs: scored ? completionLogProbabilities(tokenizer, scores, 0) : null,
    finish_reason: choice.finish,
    ...(fields.return_token_ids === true
      ? { token_ids: choice.tokenIds, prompt_token_ids: prompt.tokenIds }
      : {}),
  };
}

/** The prompts of a request: a text, token ids, or a list of either. */
function promptsOf(service: ModelService, prompt: CompletionRequest["prompt"], echo: boolean): Prompt[] {
  const isTokens = (value: readonly unknown[]): value is readonly number[] => typeof value[0] === "number";
  const list: readonly (string | readonly number[])[] =
    typeof prompt === "string" ? [prompt] : isTokens(prompt) ? [prompt] : prompt;
  return list.map((one) => {
    if (typeof one === "string") return { text: one, tokenIds: encodePrompt(service, one) };
    return { text: echo ? service.tokenizer.decode(one, { skipSpecialTokens: false }) : "", tokenIds: one };
  });
}

/** As `aha generate`: no text at all begins where every text begins. */
function encodePrompt(service: ModelService, text: string): readonly number[] {
  const ids = service.encode(text, true);
  if (ids.length > 0) return ids;
  const first = service.tokenizer.bosTokenId ?? service.information.bosTokenId;
  if (first !== null) return [first];
  throw new ApiError(
    400,
    "the prompt has no tokens, and the model no beginning-of-sequence token; give some text",
    {
      param: "prompt",
    },
  );
}
