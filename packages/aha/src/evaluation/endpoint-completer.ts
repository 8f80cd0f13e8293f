/** A server's model as the one that answers. */
import type { ChatEndpoint } from "../endpoint/chat-endpoint.ts";
import type { Completer } from "./completer.ts";

/** OpenAI's `seed` is a number; servers disagree on how large, none refuses 31 bits. */
const serverSeed = (seed: bigint): number => Number(BigInt.asUintN(31, seed));

export function endpointCompleter(endpoint: ChatEndpoint, concurrency: number): Completer {
  return {
    name: endpoint.model,
    identity: endpoint.identity,
    concurrency,
    complete: ({ prompt, sampling, seed }) =>
      endpoint.complete(prompt, { ...sampling, seed: serverSeed(seed) }),
    close: () => {},
  };
}
