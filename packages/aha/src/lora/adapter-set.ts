/** The adapters of a model by name, of which one is in force, or none. */
import type { Adapter } from "./adapter.ts";
import { AdapterDropout, type MaskSeeds } from "./adapter-dropout.ts";

/** An adapter that is asked for and not there, or there already. */
export class AdapterNameError extends Error {
  override readonly name = "AdapterNameError";
}

export class AdapterSet {
  readonly #held = new Map<string, Adapter>();
  #active: string | null = null;
  #seeds: MaskSeeds | null = null;

  get names(): string[] {
    return [...this.#held.keys()];
  }
  get activeName(): string | null {
    return this.#active;
  }
  /** The adapter in force; null where the base computes alone. */
  get active(): Adapter | null {
    return this.#active === null ? null : this.get(this.#active);
  }

  /** Throws AdapterNameError for a name that is not there. */
  get(name: string): Adapter {
    const found = this.#held.get(name);
    if (found !== undefined) return found;
    throw new AdapterNameError(
      `no adapter "${name}" is loaded; there are: ${this.names.join(", ") || "none"}`,
    );
  }

  /** Takes the adapter over: it is disposed of with the model. It is not in force yet. */
  add(name: string, adapter: Adapter): void {
    if (this.#held.has(name)) {
      throw new AdapterNameError(`an adapter "${name}" is loaded already; remove it first`);
    }
    this.#held.set(name, adapter);
  }

  /** Puts an adapter in force from here on; null: the base alone. */
  use(name: string | null): void {
    if (name !== null) this.get(name);
    this.#active = name;
  }

  /** Puts an adapter in force under a name, in place of the one of that name, if any. */
  replaceActive(name: string, adapter: Adapter): void {
    if (this.#held.has(name)) this.remove(name);
    this.add(name, adapter);
    this.use(name);
  }

  /** Runs `body` with an adapter in force, and puts the one before back. `body` must not be asynchronous. */
  with<Result>(name: string | null, body: () => Result): Result {
    const before = this.#active;
    this.use(name);
    try {
      return refusePromise(body(), "with");
    } finally {
      this.#active = before;
    }
  }

  /**
   * Runs `body` with dropout: a pass of supervised training, each with seeds of its own. Its backward may come afterwards.
   * `body` must not be asynchronous.
   */
  dropping<Result>(seeds: MaskSeeds, body: () => Result): Result {
    const before = this.#seeds;
    this.#seeds = seeds;
    try {
      return refusePromise(body(), "dropping");
    } finally {
      this.#seeds = before;
    }
  }

  /** The dropout of the pass that begins now; null for none. */
  get dropout(): AdapterDropout | null {
    const rate = this.active?.settings.dropout ?? 0;
    return this.#seeds === null || rate === 0 ? null : new AdapterDropout(rate, this.#seeds);
  }

  /** Unloads an adapter. */
  remove(name: string): void {
    this.get(name).dispose();
    this.#held.delete(name);
    if (this.#active === name) this.#active = null;
  }

  all(): Adapter[] {
    return [...this.#held.values()];
  }

  dispose(): void {
    for (const name of this.names) this.remove(name);
  }
}

function refusePromise<Result>(result: Result, what: string): Result {
  if (typeof result !== "object" || result === null || !("then" in result)) return result;
  Promise.resolve(result).catch(() => {}); // its rejection is not left unhandled by the error thrown here instead
  throw new TypeError(
    `AdapterSet.${what}() takes a synchronous function; an asynchronous one would outlast it`,
  );
}
