/** The thread that verifiers work in: takes calls, and answers each when its verdict is there. */
import { parentPort } from "node:worker_threads";
import { verifierCalls } from "./verifier-calls.ts";
import type { VerifierReply, VerifierRequest } from "./verifier-thread.ts";

async function answer({ id, call, parameters }: VerifierRequest): Promise<VerifierReply> {
  try {
    const verifier = verifierCalls[call] as (...given: readonly unknown[]) => Promise<unknown>;
    return { id, result: await verifier(...parameters) };
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    return { id, failure: { name, message } };
  }
}

parentPort?.on("message", async (request: VerifierRequest) => {
  parentPort?.postMessage(await answer(request));
});
