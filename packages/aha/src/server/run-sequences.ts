/** Runs the sequences of one request through queue and inference, and merges what they tell. */
import { InferenceError, SequenceRefusedError } from "../inference/inference-process.ts";
import type { SequenceEvent } from "../inference/sequence-request.ts";
import { ApiError } from "./api-error.ts";
import { QueueFullError } from "./fair-queue.ts";
import type { ModelService } from "./model-service.ts";
import type { PlannedSequence } from "./sequence-plan.ts";

/** Whose request it is, and when it came. */
export interface Caller {
  readonly client: string;
  readonly signal: AbortSignal;
  /** Milliseconds, as `performance.now()` gives them. */
  readonly arrived: number;
}

/** An event of one of several sequences. */
export interface ChoiceEvent {
  readonly index: number;
  readonly event: SequenceEvent;
}

/**
 * The events of all sequences in the order in which they come; ends early, without an error, where the caller's signal is aborted.
 * Leaving the loop cancels what is left. Throws ApiError: 429 where too many wait, 500 or 503 where inference breaks.
 */
export async function* runSequences(
  service: ModelService,
  sequences: readonly PlannedSequence[],
  caller: Caller,
): AsyncGenerator<ChoiceEvent, void, undefined> {
  admit(service, sequences.length);
  const own = new AbortController();
  const abort = (): void => own.abort();
  caller.signal.addEventListener("abort", abort);
  if (caller.signal.aborted) own.abort();
  const heard: ChoiceEvent[] = [];
  let open = sequences.length;
  let failure: unknown = null;
  let wake = (): void => {};
  const runs = sequences.map(async (sequence, index) => {
    try {
      for await (const event of runOne(service, sequence, caller, own.signal)) {
        heard.push({ index, event });
        wake();
      }
    } catch (error) {
      failure ??= error;
      own.abort(); // the others' work would be in vain
    } finally {
      open--;
      wake();
    }
  });
  try {
    while (true) {
      const next = heard.shift();
      if (failure !== null) throw asApiError(failure);
      if (next !== undefined) yield next;
      else if (open === 0) return;
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
  } finally {
    own.abort();
    caller.signal.removeEventListener("abort", abort);
    await Promise.all(runs);
  }
}

function admit({ queue }: ModelService, count: number): void {
  try {
    queue.admit(count);
  } catch (error) {
    throw asApiError(error);
  }
}

async function* runOne(
  { queue, inference, metrics }: ModelService,
  sequence: PlannedSequence,
  { client, arrived }: Caller,
  signal: AbortSignal,
): AsyncGenerator<SequenceEvent, void, undefined> {
  const leave = await queue.enter(client, signal);
  if (leave === null) return;
  try {
    let last: number | null = null;
    for await (const event of inference.generate(sequence, signal)) {
      const now = performance.now();
      if (last === null) {
        metrics.observe("aha_time_to_first_token_seconds", (now - arrived) / 1000);
        metrics.add("aha_prompt_tokens_total", sequence.promptTokenIds.length);
        metrics.add("aha_reused_prompt_tokens_total", event.reusedTokens ?? 0);
      } else metrics.observe("aha_time_between_tokens_seconds", (now - last) / 1000);
      last = now;
      metrics.add("aha_generated_tokens_total", event.tokenIds.length);
      yield event;
    }
  } finally {
    leave();
  }
}

/** The answer to a failure; faults of the program are passed on. */
function asApiError(error: unknown): unknown {
  if (error instanceof QueueFullError) {
    return new ApiError(429, error.message, {
      type: "rate_limit_error",
      code: "queue_full",
      headers: { "retry-after": String(error.retryAfterSeconds) },
    });
  }
  if (error instanceof SequenceRefusedError) return new ApiError(400, error.message);
  if (error instanceof InferenceError)
    return new ApiError(503, error.message, { headers: { "retry-after": "2" } });
  return error;
}
