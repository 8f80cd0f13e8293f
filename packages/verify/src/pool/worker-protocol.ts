/** What the pool and a worker process agree on: descriptors, the start's setup, the answers. */

/** File descriptors in the worker process. */
export const channel = { tasks: 3, answers: 4, lifeline: 5 } as const;

export interface Setup {
  /** URL of a module that exports `run(task)`. */
  readonly module: string;
  /** Resident memory of the whole process above which it ends itself, MiB. */
  readonly residentMegabytes: number;
}

/** One message from the worker: first that it is ready, then one for each task, in the tasks' order. */
export type Answer = { readonly ready: true } | { readonly value: unknown } | { readonly thrown: string };
