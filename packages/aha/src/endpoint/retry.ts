/** Repeats what failed for a passing reason, waiting longer each time. */
import { EndpointError } from "./endpoint-error.ts";

export interface RetryOptions {
  /** How often a request is repeated after its first failure. */
  readonly retries: number;
  /** Seconds before the first repetition; doubled for each further one. */
  readonly firstDelaySeconds: number;
  readonly longestDelaySeconds: number;
  /** Told before each wait. */
  readonly onRetry?: (error: EndpointError, seconds: number) => void;
  /** Uniform in [0, 1): spreads clients that failed together. */
  readonly random?: () => number;
  readonly sleep?: (seconds: number) => Promise<void>;
}

/** Seconds to wait before repetition `attempt` (from 0): exponential with jitter, at least what the server asks for. */
export function retryDelay(
  attempt: number,
  error: Pick<EndpointError, "retryAfterSeconds">,
  { firstDelaySeconds, longestDelaySeconds, random = Math.random }: RetryOptions,
): number {
  const exponential = Math.min(longestDelaySeconds, firstDelaySeconds * 2 ** attempt);
  const jittered = exponential * (0.5 + random() / 2);
  return Math.max(jittered, Math.min(error.retryAfterSeconds ?? 0, longestDelaySeconds));
}

const sleepFor = (seconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, seconds * 1000));

/** The result of `work`; throws its last error once the repetitions are used up, or at once where repeating cannot help. */
export async function withRetries<Result>(
  work: () => Promise<Result>,
  options: RetryOptions,
): Promise<Result> {
  const { retries, onRetry, sleep = sleepFor } = options;
  for (let attempt = 0; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof EndpointError) || !error.passing || attempt >= retries) throw error;
      const seconds = retryDelay(attempt, error, options);
      onRetry?.(error, seconds);
      await sleep(seconds);
    }
  }
}
