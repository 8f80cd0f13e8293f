/** `POST /v1/chat/completions`, with DeepSeek's `reasoning_content`. */
import { randomUUID } from "node:crypto";
import type { ServerResponse } from "node:http";
import type { ChatMessage } from "../folder/chat-template.ts";
import { endsInReasoning } from "../inference/reasoning-splitter.ts";
import type { SequenceEvent, TokenScore } from "../inference/sequence-request.ts";
import type { JsonValue } from "../tasks/task.ts";
import { ChoiceState, usageOf } from "./choice-state.ts";
import { EventStream } from "./event-stream.ts";
import { chatLogProbability } from "./log-probability-fields.ts";
import type { ModelService } from "./model-service.ts";
import { type ChatRequest, chatSchema, parseRequest } from "./request-schemas.ts";
import { type Caller, runSequences } from "./run-sequences.ts";
import { sendJson } from "./send-json.ts";
import { planSequences } from "./sequence-plan.ts";
import { streamed } from "./streamed.ts";

export async function chatCompletions(
  service: ModelService,
  body: unknown,
  caller: Caller,
  response: ServerResponse,
): Promise<void> {
  const fields = parseRequest(chatSchema, body);
  const { id: model, adapter } = service.model(fields.model);
  const prompt = service.render(fields.messages.map(asTurn), { variables: variablesOf(fields) });
  const promptTokenIds = service.encode(prompt, false);
  const sequences = planSequences(service, fields, {
    adapter,
    promptTokenIds,
    maxNewTokens: fields.max_completion_tokens ?? fields.max_tokens ?? null,
    topLogProbabilities: fields.logprobs === true ? (fields.top_logprobs ?? 0) : null,
    scorePrompt: false,
    reasoning: {
      open: endsInReasoning(prompt),
      budget: fields.thinking_budget ?? service.thinkingBudget,
    },
  });
  const choices = sequences.map(() => new ChoiceState());
  const usage = () => usageOf([{ tokens: promptTokenIds.length, choices }]);
  const head = { id: `chatcmpl-${randomUUID()}`, created: Math.floor(Date.now() / 1000), model };
  const answer = new ChatAnswer(service, fields);
  const run = runSequences(service, sequences, caller);
  if (fields.stream !== true) {
    for await (const { index, event } of run) choices[index]?.take(event);
    if (caller.signal.aborted) return;
    sendJson(response, 200, {
      ...head,
      object: "chat.completion",
      choices: choices.map((choice, index) => answer.choice(choice, index)),
      usage: usage(),
      ...(fields.return_token_ids === true ? { prompt_token_ids: promptTokenIds } : {}),
    });
    return;
  }
  const withUsage = fields.stream_options?.include_usage === true;
  const chunkHead = { ...head, object: "chat.completion.chunk", ...(withUsage ? { usage: null } : {}) };
  await streamed(new EventStream(response), caller.signal, async (stream) => {
    for await (const { index, event } of run) {
      const choice = choices[index] as ChoiceState;
      const first = choice.tokenIds.length === 0;
      choice.take(event);
      for (const delta of answer.deltas(event, index, first))
        await stream.send({ ...chunkHead, choices: [delta] });
    }
    if (withUsage) await stream.send({ ...chunkHead, choices: [], usage: usage() });
  });
}

/** The template's variables: what the request states, and how much effort is asked for. */
function variablesOf({
  chat_template_kwargs: stated,
  reasoning_effort: effort,
}: ChatRequest): Readonly<Record<string, JsonValue>> {
  return {
    ...(effort === undefined || effort === null ? {} : { reasoning_effort: effort }),
    ...((stated ?? {}) as Record<string, JsonValue>),
  };
}

/** A turn as templates take it. */
function asTurn(message: ChatRequest["messages"][number]): ChatMessage {
  const { role, content, reasoning_content: reasoning, ...others } = message;
  return {
    ...(others as Record<string, JsonValue>),
    // Templates know the instructions' older name only.
    role: role === "developer" ? "system" : role,
    content: Array.isArray(content) ? content.map(({ text }) => text).join("") : (content ?? ""),
    ...(reasoning === undefined || reasoning === null ? {} : { reasoning_content: reasoning }),
  };
}

/** Choices and deltas as the request wants them. */
class ChatAnswer {
  readonly #service: ModelService;
  readonly #fields: ChatRequest;

  constructor(service: ModelService, fields: ChatRequest) {
    this.#service = service;
    this.#fields = fields;
  }

  /** `logprobs`: of the answer's tokens, and of the reasoning's as DeepSeek names them. */
  #logProbabilities(
    answer: readonly TokenScore[],
    reasoning: readonly TokenScore[],
  ): Readonly<Record<string, unknown>> | null {
    if (this.#fields.logprobs !== true) return null;
    const entries = (scores: readonly TokenScore[]) =>
      scores.map((score) => chatLogProbability(this.#service.tokenizer, score));
    return {
      content: entries(answer),
      refusal: null,
      ...(reasoning.length > 0 ? { reasoning_content: entries(reasoning) } : {}),
    };
  }

  #tokenIds(ids: readonly number[]): Readonly<Record<string, unknown>> {
    return this.#fields.return_token_ids === true ? { token_ids: ids } : {};
  }

  choice(choice: ChoiceState, index: number): Readonly<Record<string, unknown>> {
    const { text, reasoning, scores, reasoningScores, finish, tokenIds } = choice;
    return {
      index,
      message: {
        role: "assistant",
        content: text,
        ...(reasoning === "" ? {} : { reasoning_content: reasoning }),
        refusal: null,
      },
      logprobs: this.#logProbabilities(scores, reasoningScores),
      finish_reason: finish,
      ...this.#tokenIds(tokenIds),
    };
  }

  /** An event as chunks: reasoning and answer never share one, and the end has its own. */
  deltas(event: SequenceEvent, index: number, first: boolean): Readonly<Record<string, unknown>>[] {
    const { reasoning, text, inReasoning, scores = [], finish, tokenIds } = event;
    const logprobs = this.#logProbabilities(inReasoning ? [] : scores, inReasoning ? scores : []);
    const rest = { ...this.#tokenIds(tokenIds), finish_reason: null };
    const chunks: Readonly<Record<string, unknown>>[] = [];
    if (first)
      chunks.push({ index, delta: { role: "assistant", content: "" }, logprobs: null, finish_reason: null });
    const asked = this.#fields.logprobs === true || this.#fields.return_token_ids === true;
    if (reasoning !== "")
      chunks.push({
        index,
        delta: { reasoning_content: reasoning },
        logprobs: text === "" ? logprobs : null,
        ...rest,
      });
    // A token whose text is still held back is told of where somebody counts tokens.
    const silent = reasoning === "" && asked && tokenIds.length > 0;
    if (text !== "" || silent)
      chunks.push({
        index,
        delta: text === "" ? {} : { content: text },
        logprobs,
        ...(reasoning === "" ? rest : { finish_reason: null }),
      });
    if (finish !== undefined) chunks.push({ index, delta: {}, logprobs: null, finish_reason: finish });
    return chunks;
  }
}
