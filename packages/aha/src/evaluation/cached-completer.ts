/** Answers from the disk what was asked before, of the same model in the same way. */
import { type CompletionCache, digestOf } from "../endpoint/completion-cache.ts";
import type { Completer, CompletionRequest } from "./completer.ts";

/** The key of a request's answer: the model, the prompt, how tokens are drawn, and (where it matters) the seed. */
export function completionKey(
  identity: Readonly<Record<string, unknown>>,
  { prompt, sampling, seed }: CompletionRequest,
): string {
  const drawn = sampling.temperature > 0 ? String(seed) : "greedy";
  return digestOf({ version: 1, identity, prompt, sampling, seed: drawn });
}

export function cachedCompleter(inner: Completer, cache: CompletionCache): Completer {
  return {
    ...inner,
    complete: async (request) => {
      const key = completionKey(inner.identity, request);
      const known = cache.read(key);
      if (known !== null) return known;
      const answer = await inner.complete(request);
      cache.write(key, answer);
      return answer;
    },
  };
}
