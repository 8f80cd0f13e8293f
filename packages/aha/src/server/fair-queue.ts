/** Lets so many sequences run at once; those that wait take turns by client, so that one client's many do not hold up another's few. */

/** More wait already than is allowed. */
export class QueueFullError extends Error {
  override readonly name = "QueueFullError";
  readonly retryAfterSeconds: number;

  constructor(waiting: number, retryAfterSeconds: number) {
    super(`${waiting} sequences are waiting already; try again in ${retryAfterSeconds} s`);
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

interface Waiting {
  enter(): void;
}

export class FairQueue {
  readonly #places: number;
  readonly #bound: number;
  readonly #now: () => number;
  /** By client, in the order of their turns. */
  readonly #waiting = new Map<string, Waiting[]>();
  #running = 0;
  #secondsPerSequence = 1;

  /** `places` run at once, `bound` wait; `now` gives milliseconds. */
  constructor(places: number, bound: number, now: () => number = () => performance.now()) {
    this.#places = places;
    this.#bound = bound;
    this.#now = now;
  }

  get running(): number {
    return this.#running;
  }
  get waiting(): number {
    let count = 0;
    for (const own of this.#waiting.values()) count += own.length;
    return count;
  }

  /** Throws QueueFullError where `count` more would have too many wait. One request's own sequences may always wait if nobody else does. */
  admit(count: number): void {
    const { waiting } = this;
    const free = Math.max(0, this.#places - this.#running - waiting);
    if (waiting + Math.max(0, count - free) <= this.#bound || (waiting === 0 && free > 0)) return;
    const seconds = (this.#secondsPerSequence * (waiting + 1)) / this.#places;
    throw new QueueFullError(waiting, Math.min(120, Math.max(1, Math.ceil(seconds))));
  }

  /** Waits for the client's turn; the result gives the place back. Null where `signal` was aborted before. */
  async enter(client: string, signal: AbortSignal): Promise<(() => void) | null> {
    if (signal.aborted) return null;
    if (this.#running >= this.#places) {
      const entered = await this.#turn(client, signal);
      if (!entered) return null;
    } else this.#running++;
    const start = this.#now();
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.#secondsPerSequence += 0.1 * ((this.#now() - start) / 1000 - this.#secondsPerSequence);
      this.#running--;
      this.#next();
    };
  }

  #turn(client: string, signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const own = this.#waiting.get(client) ?? [];
      this.#waiting.set(client, own);
      const onAbort = (): void => {
        const rest = own.filter((other) => other !== waiting);
        own.splice(0, own.length, ...rest);
        if (own.length === 0 && this.#waiting.get(client) === own) this.#waiting.delete(client);
        resolve(false);
      };
      const waiting: Waiting = {
        enter: () => {
          signal.removeEventListener("abort", onAbort);
          resolve(true);
        },
      };
      own.push(waiting);
      signal.addEventListener("abort", onAbort, { once: true });
    });
  }

  /** Gives free places to the clients in turn. */
  #next(): void {
    while (this.#running < this.#places) {
      const [first] = this.#waiting;
      if (first === undefined) return;
      const [client, own] = first;
      const waiting = own.shift();
      this.#waiting.delete(client);
      if (own.length > 0) this.#waiting.set(client, own); // to the end: the others come first
      if (waiting === undefined) continue;
      this.#running++;
      waiting.enter();
    }
  }
}
