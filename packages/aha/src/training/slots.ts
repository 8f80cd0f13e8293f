/** Bounds how much goes on at once: those beyond wait in line. */
export class Slots {
  readonly #limit: number;
  readonly #line: Array<() => void> = [];
  #taken = 0;

  /** @param limit how many may hold a place; infinity for all */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Null where a place is taken at once, else a promise of one. Each place is to be left. */
  take(): Promise<void> | null {
    if (this.#taken < this.#limit) {
      this.#taken += 1;
      return null;
    }
    return new Promise((resolve) => this.#line.push(resolve));
  }

  /** Gives the place to the first in line. */
  leave(): void {
    const next = this.#line.shift();
    if (next === undefined) this.#taken -= 1;
    else next();
  }
}
