/** A mean that grows as values come, without keeping them. */
export class RunningMean {
  #sum = 0;
  #count = 0;

  add(value: number, weight = 1): void {
    this.#sum += value * weight;
    this.#count += weight;
  }

  get count(): number {
    return this.#count;
  }

  /** Null where nothing was added. */
  get value(): number | null {
    return this.#count === 0 ? null : this.#sum / this.#count;
  }
}
