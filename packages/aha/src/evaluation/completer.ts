/** Whoever answers in an evaluation: a model of our own or a server's, behind one door. */
import type { EndpointSampling, ModelAnswer } from "../endpoint/chat-endpoint.ts";
import type { Question } from "../tasks/task.ts";

/** One completion that is wanted. */
export interface CompletionRequest {
  readonly prompt: Question["prompt"];
  readonly sampling: Omit<EndpointSampling, "seed">;
  /** 64 bits; a server gets the lower 31 of them. */
  readonly seed: bigint;
}

export interface Completer {
  /** The model's name in tables. */
  readonly name: string;
  /** All that its answers depend on besides the request: part of every key of the cache. */
  readonly identity: Readonly<Record<string, unknown>>;
  /** Requests that may be open at once; more wait. */
  readonly concurrency: number;
  complete(request: CompletionRequest): Promise<ModelAnswer>;
  /** Releases the model. */
  close(): void;
}
