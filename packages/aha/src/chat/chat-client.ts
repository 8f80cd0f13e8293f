/** Streams answers from any OpenAI-compatible server; the reasoning comes in `reasoning_content`, in `reasoning`, or in `<think>`. */
import { createReasoningSplitter } from "../inference/reasoning-splitter.ts";
import { readEvents } from "./read-events.ts";

/** A server that cannot be reached, or that refuses. */
export class ChatServerError extends Error {
  override readonly name = "ChatServerError";
}

export interface ChatServer {
  /** Such as `http://127.0.0.1:8000/v1`. */
  readonly url: string;
  readonly apiKey: string | null;
}

/** What the request says besides the conversation: OpenAI's names. */
export type ChatSettings = Readonly<Record<string, string | number | boolean>>;

export interface ChatDelta {
  readonly reasoning: string;
  readonly text: string;
  /** Tokens so far, by the server's count where it tells, else by the pieces. */
  readonly tokens: number;
  readonly finish: string | null;
}

interface Chunk {
  readonly choices?: readonly {
    readonly delta?: {
      readonly content?: string | null;
      readonly reasoning_content?: string | null;
      readonly reasoning?: string | null;
    };
    readonly finish_reason?: string | null;
  }[];
  readonly usage?: { readonly completion_tokens?: number } | null;
  readonly error?: { readonly message?: string };
}

async function ask(server: ChatServer, path: string, init: RequestInit): Promise<Response> {
  const headers: Record<string, string> = {
    "content-type": "application/json",
    ...(server.apiKey === null ? {} : { authorization: `Bearer ${server.apiKey}` }),
  };
  let response: Response;
  try {
    response = await fetch(`${server.url}${path}`, { ...init, headers });
  } catch (cause) {
    if (init.signal?.aborted === true) throw cause;
    const inner =
      cause instanceof Error && cause.cause instanceof Error ? cause.cause.message : String(cause);
    throw new ChatServerError(`no answer from ${server.url}: ${inner}`, { cause });
  }
  if (response.ok) return response;
  const text = await response.text();
  let message = text.slice(0, 500);
  try {
    message = (JSON.parse(text) as Chunk).error?.message ?? message;
  } catch {
    // Not JSON: shown as it is.
  }
  throw new ChatServerError(`${server.url} answered ${response.status}: ${message}`);
}

/** The names of the models that a server has. */
export async function listModels(server: ChatServer): Promise<string[]> {
  const response = await ask(server, "/models", {});
  const { data = [] } = (await response.json()) as { data?: readonly { readonly id: string }[] };
  return data.map(({ id }) => id);
}

/** The answer in pieces. Throws ChatServerError; an aborted signal ends it with an AbortError. */
export async function* streamAnswer(
  server: ChatServer,
  model: string,
  messages: readonly { readonly role: string; readonly content: string }[],
  settings: ChatSettings,
  signal: AbortSignal,
): AsyncGenerator<ChatDelta, void, undefined> {
  const body = { model, messages, ...settings, stream: true, stream_options: { include_usage: true } };
  const response = await ask(server, "/chat/completions", {
    method: "POST",
    body: JSON.stringify(body),
    signal,
  });
  if (response.body === null) throw new ChatServerError(`${server.url} answered without a body`);
  const splitter = createReasoningSplitter(false);
  let pieces = 0;
  for await (const data of readEvents(response.body)) {
    if (data === "[DONE]") break;
    const chunk = JSON.parse(data) as Chunk;
    if (chunk.error !== undefined) throw new ChatServerError(chunk.error.message ?? "the server failed");
    const [choice] = chunk.choices ?? [];
    const { content, reasoning_content: deepseek, reasoning: other } = choice?.delta ?? {};
    const split = splitter.push(content ?? "");
    const reasoning = (deepseek ?? other ?? "") + split.reasoning;
    if (reasoning !== "" || (content ?? "") !== "") pieces++;
    const tokens = chunk.usage?.completion_tokens ?? pieces;
    yield { reasoning, text: split.text, tokens, finish: choice?.finish_reason ?? null };
    pieces = Math.max(pieces, tokens);
  }
  const rest = splitter.end();
  yield { ...rest, tokens: pieces, finish: null };
}
