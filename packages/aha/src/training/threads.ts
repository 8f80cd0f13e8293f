/** Sets LibTorch's threads as a recipe asks. */
import { availableParallelism } from "node:os";
import { setThreads } from "@aha/torch";

/** 0 takes all cores; returns the number in force. */
export function useThreads(asked: number): number {
  const count = asked === 0 ? availableParallelism() : asked;
  setThreads(count);
  return count;
}
