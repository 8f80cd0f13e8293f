/** One warm worker process: started, fed, and killed from outside whatever it is doing. */
import { type ChildProcess, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { encodeFrame, FrameReader } from "./frames.ts";
import type { Answer, Setup } from "./worker-protocol.ts";

export interface WorkerProcessOptions extends Setup {
  /** V8's heap, MiB. */
  readonly heapMegabytes: number;
}

export interface WorkerProcessEvents {
  answer(answer: Answer): void;
  /** The process and its pipes are gone; every answer it gave was delivered before. */
  gone(reason: string): void;
}

/** What keeps the host's event loop alive, or does not; pipes have it, though their types do not say so. */
interface Holdable {
  ref?(): void;
  unref?(): void;
}

/** How much of the standard error output is kept to say why a process died. */
const keptErrorCharacters = 4_000;

export class WorkerProcess {
  readonly #child: ChildProcess;
  readonly #tasks: Writable;
  readonly #pipes: readonly Holdable[];
  #errorOutput = "";

  constructor(options: WorkerProcessOptions, events: WorkerProcessEvents) {
    this.#child = start(options);
    const [, , errors, tasks, answers, lifeline] = this.#child.stdio as readonly unknown[];
    this.#tasks = tasks as Writable;
    this.#pipes = [errors, tasks, answers, lifeline] as Holdable[];
    const reader = new FrameReader();
    (answers as Readable).on("data", (chunk: Buffer) => {
      for (const json of reader.push(chunk)) events.answer(JSON.parse(json) as Answer);
    });
    (errors as Readable).setEncoding("utf8").on("data", (text: string) => {
      this.#errorOutput = (this.#errorOutput + text).slice(-keptErrorCharacters);
    });
    // A pipe to a process that died breaks; what that means is told once, by `gone`.
    this.#tasks.on("error", () => {});
    (lifeline as Writable).on("error", () => {});
    this.#child.on("error", (error) => events.gone(`the process did not start: ${error.message}`));
    this.#child.on("close", (code, signal) => events.gone(this.#explain(code, signal, options)));
  }

  get processId(): number | undefined {
    return this.#child.pid;
  }

  /** Sends tasks, each given as JSON; they run in this order. */
  send(tasks: readonly string[]): void {
    this.#tasks.write(encodeFrame(`[${tasks.join(",")}]`));
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }

  /** Whether this process keeps the host alive; an idle one must not. */
  hold(busy: boolean): void {
    for (const handle of [this.#child, ...this.#pipes] as Holdable[]) {
      if (busy) handle.ref?.();
      else handle.unref?.();
    }
  }

  #explain(code: number | null, signal: string | null, options: WorkerProcessOptions): string {
    if (/out of memory/i.test(this.#errorOutput)) {
      return `out of memory (limits: heap ${options.heapMegabytes} MiB, process ${options.residentMegabytes} MiB)`;
    }
    const ending = signal === null ? `exited with code ${code}` : `was ended by ${signal}`;
    const last = this.#errorOutput.trim();
    return `the worker process ${ending}${last === "" ? "" : `: ${last.slice(-500)}`}`;
  }
}

function start(options: WorkerProcessOptions): ChildProcess {
  const setup: Setup = { module: options.module, residentMegabytes: options.residentMegabytes };
  // The entry has this very file's extension: TypeScript from the sources, JavaScript once compiled.
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  const entry = fileURLToPath(new URL(`./worker-entry.${extension}`, import.meta.url));
  const loader = extension === "ts" ? ["--import", import.meta.resolve("tsx")] : [];
  const flags = [...loader, `--max-old-space-size=${options.heapMegabytes}`];
  const { NODE_OPTIONS: _options, NODE_TEST_CONTEXT: _context, ...env } = process.env;
  return spawn(process.execPath, [...flags, entry, JSON.stringify(setup)], {
    env,
    stdio: ["ignore", "ignore", "pipe", "pipe", "pipe", "pipe"],
  });
}
