/**
 * Verifiers in a thread of their own: LibTorch blocks the event loop, and a verdict takes many turns of one (starting a
 * sandbox, feeding it, comparing what comes out). In their thread they go on while tokens are being generated.
 */
import { Worker } from "node:worker_threads";
import type { VerifierCalls } from "./verifier-calls.ts";

/** What is sent to the thread. */
export interface VerifierRequest {
  readonly id: number;
  readonly call: keyof VerifierCalls;
  readonly parameters: readonly unknown[];
}

/** What the thread answers. */
export type VerifierReply =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly failure: { readonly name: string; readonly message: string } };

/** A verifier could not give a verdict: it threw, or its thread is gone. */
export class VerifierError extends Error {
  override readonly name = "VerifierError";
}

interface Waiting {
  readonly resolve: (result: never) => void;
  readonly reject: (error: Error) => void;
}

/** Starts its thread at the first call, again after it died, and never keeps an idle process alive. */
export class VerifierThread {
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | null = null;
  #calls = 0;

  /** Calls a verifier by name; the promise rejects with VerifierError. */
  call<Name extends keyof VerifierCalls>(
    name: Name,
    ...parameters: Parameters<VerifierCalls[Name]>
  ): ReturnType<VerifierCalls[Name]> {
    const worker = this.#start();
    const id = ++this.#calls;
    const request: VerifierRequest = { id, call: name, parameters };
    const verdict = new Promise<never>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
    });
    worker.ref();
    worker.postMessage(request);
    return verdict as ReturnType<VerifierCalls[Name]>;
  }

  /** Ends the thread; verdicts that are awaited are rejected. A later call starts another. */
  async close(): Promise<void> {
    const worker = this.#worker;
    if (worker === null) return;
    this.#lose(worker, "it was closed");
    await worker.terminate();
  }

  #start(): Worker {
    if (this.#worker !== null) return this.#worker;
    // What the main thread was started with, loaders among it, is not for this one.
    const worker = new Worker(new URL("./verifier-thread-start.mjs", import.meta.url), { execArgv: [] });
    worker.unref();
    worker.on("message", (reply: VerifierReply) => this.#settle(reply));
    worker.on("error", (error) => this.#lose(worker, error.message));
    worker.on("exit", (code) => this.#lose(worker, `it ended with code ${code}`));
    this.#worker = worker;
    return worker;
  }

  #settle(reply: VerifierReply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if (this.#waiting.size === 0) this.#worker?.unref();
    if (waiting === undefined) return;
    if ("result" in reply) waiting.resolve(reply.result as never);
    else waiting.reject(new VerifierError(`${reply.failure.name}: ${reply.failure.message}`));
  }

  #lose(worker: Worker, reason: string): void {
    if (this.#worker !== worker) return;
    this.#worker = null;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(new VerifierError(`the verifiers' thread is gone: ${reason}`));
  }
}

/** The process's own: threads and warm sandboxes are not worth having twice. */
export const verifiers = new VerifierThread();
