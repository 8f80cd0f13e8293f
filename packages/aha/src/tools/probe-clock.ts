/** The clock of a probe: what a pass takes when it has its cores for itself, and how far it had them. */
import { threads } from "@aha/torch";

/** Measurements are averaged over so many rounds. */
const ROUNDS = 3;
/** What takes longer is measured once: making its kernels is little of it, and a probe should be short. */
const SLOW_SECONDS = 1;

/** Seconds that this process computed, in all its threads. */
function processorSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/**
 * With one thread on a CPU the processor's own seconds count: they are the same on a busy machine and on an idle one. With
 * several, or on an accelerator, it has to be the wall's.
 */
export class ProbeClock {
  readonly #byProcessor: boolean;
  readonly #started = performance.now() / 1000;
  readonly #processorStarted = processorSeconds();

  constructor(device: string) {
    this.#byProcessor = device === "cpu" && threads() === 1;
  }

  #now(): number {
    return this.#byProcessor ? processorSeconds() : performance.now() / 1000;
  }

  /** Seconds of one piece of work. */
  time(work: () => void): number {
    const before = this.#now();
    work();
    return this.#now() - before;
  }

  /** Mean seconds of work that is done several times, after a first time that makes the kernels for its shapes. */
  mean(work: () => void): number {
    const first = this.time(work);
    const rounds = first > SLOW_SECONDS ? 1 : ROUNDS;
    return this.time(() => Array.from({ length: rounds }, work)) / rounds;
  }

  /** Since the clock was made, on the wall. */
  get seconds(): number {
    return performance.now() / 1000 - this.#started;
  }

  /** Share of its threads' time that the process was given; null where the wall's clock is used. */
  get share(): number | null {
    if (!this.#byProcessor) return null;
    return Math.min(1, (processorSeconds() - this.#processorStarted) / this.seconds);
  }
}
