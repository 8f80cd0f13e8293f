/** Watches deadlines from a thread of its own, since LibTorch's calls block the event loop. */
import { Worker } from "node:worker_threads";
import type { Heartbeat } from "./phases.ts";

const nameCapacity = 256;

/** A running watchdog. */
export interface Watchdog {
  /** To be called with every heartbeat. */
  observe(heartbeat: Heartbeat): void;
  stop(): Promise<void>;
}

/**
 * Starts the thread; it does not keep the process alive.
 *
 * @param abort kill the process when a phase is overdue, for runs that something else restarts; otherwise
 *   only say so on standard error
 */
export function startWatchdog(abort = false): Watchdog {
  const shared = new SharedArrayBuffer(40);
  const names = new SharedArrayBuffer(nameCapacity);
  const signal = new Int32Array(shared, 0, 4);
  const numbers = new Float64Array(shared, 16, 3);
  const nameBytes = new Uint8Array(names);
  const worker = new Worker(new URL("./watchdog.mjs", import.meta.url), {
    workerData: { shared, names, abort },
    execArgv: [],
  });
  worker.unref();
  return {
    observe: ({ phase, deadline, since, step }) => {
      const name = new TextEncoder().encode(phase).subarray(0, nameCapacity);
      numbers[0] = 0; // No deadline while the rest changes.
      nameBytes.set(name);
      Atomics.store(signal, 3, name.length);
      numbers[1] = since;
      numbers[2] = step;
      numbers[0] = deadline ?? 0;
      Atomics.add(signal, 1, 1);
    },
    stop: async () => {
      Atomics.store(signal, 2, 1);
      Atomics.notify(signal, 2);
      await worker.terminate();
    },
  };
}
