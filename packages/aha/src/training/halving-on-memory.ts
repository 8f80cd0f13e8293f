/** Starts an update again with half the micro-batch where memory ran out. */
import { TorchError } from "@aha/torch";

const SMALLEST_MICRO_BATCH = 64;

const isOutOfMemory = (error: unknown): boolean =>
  error instanceof TorchError &&
  /out of memory|can't allocate memory|DefaultCPUAllocator/i.test(error.message);

/** `attempt` gets the tokens of a micro-batch, and must leave nothing behind where it throws. */
export function halvingOnMemory<Result>(limit: number, attempt: (limit: number) => Result): Result {
  for (let size = limit; ; size = Math.floor(size / 2)) {
    try {
      return attempt(size);
    } catch (error) {
      if (!isOutOfMemory(error) || size / 2 < SMALLEST_MICRO_BATCH) throw error;
    }
  }
}
