/** Sandboxes started before they are asked for; each serves one program and dies. */
import type { Bubblewrap, PreparedProcess } from "./bubblewrap.ts";
import type { Sandbox, SandboxCommand, SandboxProcess } from "./sandbox.ts";

/** A kind of command nobody asked for in this time keeps no process waiting. */
const idleMilliseconds = 30_000;

interface Shelf {
  readonly command: SandboxCommand;
  readonly waiting: PreparedProcess[];
  expiry: ReturnType<typeof setTimeout> | undefined;
}

export class WarmPool implements Sandbox {
  readonly kind = "bubblewrap";
  readonly #sandbox: Bubblewrap;
  /** Processes kept waiting for each command, and commands kept. */
  readonly #depth: number;
  readonly #shelves = new Map<string, Shelf>();
  static readonly #mostShelves = 4;

  constructor(sandbox: Bubblewrap, depth: number) {
    this.#sandbox = sandbox;
    this.#depth = depth;
  }

  start(command: SandboxCommand): SandboxProcess {
    if (!command.waits || this.#depth === 0) return this.#sandbox.start(command);
    const shelf = this.#shelf(command);
    const ready = shelf.waiting.find((process) => !process.ended);
    shelf.waiting.splice(0, ready === undefined ? Infinity : shelf.waiting.indexOf(ready) + 1);
    const taken = ready ?? this.#sandbox.prepare(command);
    taken.hold(true);
    taken.begin(command.limits.wallSeconds);
    // After this turn, so that the taken one gets its work first.
    setImmediate(() => this.#fill(shelf));
    return taken;
  }

  /** Ends every waiting process. */
  close(): void {
    for (const key of [...this.#shelves.keys()]) this.#drop(key);
  }

  #shelf(command: SandboxCommand): Shelf {
    const { wallSeconds: _, ...limits } = command.limits;
    const key = JSON.stringify([command.runtime, command.parameters, command.files, limits]);
    const shelf = this.#shelves.get(key) ?? { command, waiting: [], expiry: undefined };
    // The most lately used comes last.
    this.#shelves.delete(key);
    this.#shelves.set(key, shelf);
    clearTimeout(shelf.expiry);
    shelf.expiry = setTimeout(() => this.#drop(key), idleMilliseconds);
    shelf.expiry.unref();
    const [oldest] = this.#shelves.keys();
    if (this.#shelves.size > WarmPool.#mostShelves && oldest !== undefined) this.#drop(oldest);
    return shelf;
  }

  #fill(shelf: Shelf): void {
    if (![...this.#shelves.values()].includes(shelf)) return;
    while (shelf.waiting.length < this.#depth) {
      const prepared = this.#sandbox.prepare(shelf.command);
      prepared.hold(false);
      shelf.waiting.push(prepared);
    }
  }

  #drop(key: string): void {
    const shelf = this.#shelves.get(key);
    if (shelf === undefined) return;
    this.#shelves.delete(key);
    clearTimeout(shelf.expiry);
    for (const process of shelf.waiting) process.kill();
  }
}
