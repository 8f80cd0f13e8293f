/** Lets a bounded number of jobs run at once and a bounded number wait, first come first served. */

export class QueueFullError extends Error {
  override readonly name = "QueueFullError";
}

export class Queue {
  readonly #mostRunning: number;
  readonly #mostWaiting: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(mostRunning: number, mostWaiting = 100_000) {
    if (!(Number.isInteger(mostRunning) && mostRunning > 0))
      throw new RangeError(`concurrency must be a positive integer, got ${mostRunning}`);
    this.#mostRunning = mostRunning;
    this.#mostWaiting = mostWaiting;
  }

  async run<Result>(job: () => Promise<Result>): Promise<Result> {
    if (this.#running < this.#mostRunning) this.#running++;
    else await this.#turn();
    try {
      return await job();
    } finally {
      // A waiting job takes over the place, so that none that comes later can slip in.
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }

  #turn(): Promise<void> {
    if (this.#waiting.length >= this.#mostWaiting)
      throw new QueueFullError(`${this.#mostWaiting} programs wait already; await some of them first`);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
