/** What a pool is made of and bounded by, and how its tasks end. */

export interface WorkerPoolOptions {
  /** A module that exports `run(task)`; tasks and results are JSON values. */
  readonly module: URL;
  /** Worker processes at most; they are started when there is work for them. Default: the processor's cores. */
  readonly size?: number;
  /** For a task that gives none, from its start in the worker, milliseconds. Default 5,000. */
  readonly deadlineMilliseconds?: number;
  /** For loading the module, milliseconds. Default 60,000. */
  readonly startMilliseconds?: number;
  /** V8's heap in a worker, MiB; the process as a whole may take 192 MiB more. Default 256. */
  readonly heapMegabytes?: number;
  /** Tasks a worker may hold at once. Default 32. */
  readonly batch?: number;
  /** Tasks waiting at most; one more is refused with PoolFullError. Default 100,000. */
  readonly maximumQueue?: number;
  /** A worker is replaced after so many tasks, so that caches inside it cannot grow for ever. Default 50,000. */
  readonly tasksPerWorker?: number;
}

export type PoolAnswer<Result> =
  | { readonly status: "done"; readonly value: Result }
  | { readonly status: "timeout"; readonly deadlineMilliseconds: number }
  | { readonly status: "error"; readonly reason: string };
