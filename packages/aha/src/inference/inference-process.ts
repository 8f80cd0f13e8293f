/** The inference process as seen from the serving one: sequences go in, streams of events come out. */
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type {
  FromInference,
  InferenceInformation,
  InferenceOptions,
  ToInference,
} from "./inference-protocol.ts";
import type { EngineStatistics, SequenceEvent, SequenceRequest } from "./sequence-request.ts";

/** Inference could not be started, or broke. */
export class InferenceError extends Error {
  override readonly name: string = "InferenceError";
}
/** The engine refused a sequence. */
export class SequenceRefusedError extends InferenceError {
  override readonly name = "SequenceRefusedError";
}

interface Listener {
  hear(event: SequenceEvent): void;
  fail(error: Error): void;
}

const MAIN = fileURLToPath(new URL("./inference-main.ts", import.meta.url));
const LONGEST_PAUSE_MILLISECONDS = 30_000;

export class InferenceProcess {
  readonly #options: InferenceOptions;
  readonly #listeners = new Map<number, Listener>();
  readonly #statistics = new Map<number, (statistics: EngineStatistics | null) => void>();
  #child: ChildProcess | null = null;
  #information: InferenceInformation;
  #next = 0;
  #closed = false;
  #restarts = 0;

  /** Starts the process and opens the model. Throws InferenceError with the reason where it cannot be opened. */
  static async open(options: InferenceOptions): Promise<InferenceProcess> {
    const { child, information } = await start(options);
    return new InferenceProcess(options, child, information);
  }

  private constructor(options: InferenceOptions, child: ChildProcess, information: InferenceInformation) {
    this.#options = options;
    this.#information = information;
    this.#attach(child);
  }

  get information(): InferenceInformation {
    return this.#information;
  }
  /** False while the process is started again after it broke. */
  get ready(): boolean {
    return this.#child !== null;
  }
  /** How often it had to be started again. */
  get restarts(): number {
    return this.#restarts;
  }
  /** The operating system's number of the process. */
  get processId(): number | null {
    return this.#child?.pid ?? null;
  }
  /** Sequences that were asked for and have not ended. */
  get inFlight(): number {
    return this.#listeners.size;
  }

  /**
   * The events of one sequence, to its end. Aborting, or leaving the loop, cancels it at once. Throws SequenceRefusedError where the
   * engine does not take it, InferenceError where inference breaks.
   */
  async *generate(
    request: Omit<SequenceRequest, "id">,
    signal: AbortSignal,
  ): AsyncGenerator<SequenceEvent, void, undefined> {
    if (this.#child === null) throw new InferenceError("inference is being started again; try in a moment");
    if (signal.aborted) return;
    const id = this.#next++;
    const heard: SequenceEvent[] = [];
    let failure: Error | null = null;
    let wake = (): void => {};
    const onAbort = (): void => wake();
    signal.addEventListener("abort", onAbort);
    this.#listeners.set(id, {
      hear(event) {
        heard.push(event);
        wake();
      },
      fail(error) {
        failure = error;
        wake();
      },
    });
    let ended = false;
    try {
      this.#tell({ type: "submit", request: { ...request, id } });
      while (!ended) {
        if (heard.length === 0 && failure === null && !signal.aborted)
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        if (signal.aborted) return;
        const event = heard.shift();
        if (event === undefined && failure !== null) {
          ended = true;
          throw failure;
        }
        if (event === undefined) continue;
        ended = event.finish !== undefined;
        yield event;
      }
    } finally {
      signal.removeEventListener("abort", onAbort);
      this.#listeners.delete(id);
      if (!ended) this.#tell({ type: "cancel", id });
    }
  }

  /** How far the engine is used; null while it is being started. */
  async statistics(): Promise<EngineStatistics | null> {
    if (this.#child === null) return null;
    const token = this.#next++;
    return new Promise((resolve) => {
      this.#statistics.set(token, resolve);
      this.#tell({ type: "statistics", token });
    });
  }

  /** Ends the process; sequences in flight fail. */
  async close(): Promise<void> {
    this.#closed = true;
    const child = this.#child;
    this.#child = null;
    this.#failAll(new InferenceError("the server is closing"));
    if (child === null) return;
    const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    if (child.connected) child.disconnect();
    const late = setTimeout(() => child.kill("SIGKILL"), 5_000);
    await gone;
    clearTimeout(late);
  }

  #tell(message: ToInference): void {
    const child = this.#child;
    // A process that is gone is told of by its "exit".
    if (child?.connected === true) child.send(message, () => {});
  }

  #attach(child: ChildProcess): void {
    this.#child = child;
    child.on("message", (message: FromInference) => this.#hear(message));
    child.on("exit", (code, signal) => {
      if (this.#closed) return;
      this.#child = null;
      const how = signal === null ? `with code ${code}` : `by ${signal}`;
      this.#failAll(new InferenceError(`the inference process ended ${how}`));
      void this.#restart();
    });
  }

  #hear(message: FromInference): void {
    if (message.type === "events")
      for (const event of message.events) this.#listeners.get(event.id)?.hear(event);
    else if (message.type === "refused")
      this.#listeners.get(message.id)?.fail(new SequenceRefusedError(message.message));
    else if (message.type === "failed") this.#failAll(new InferenceError(message.message));
    else if (message.type === "statistics") {
      this.#statistics.get(message.token)?.(message.statistics);
      this.#statistics.delete(message.token);
    }
  }

  #failAll(error: Error): void {
    for (const listener of [...this.#listeners.values()]) listener.fail(error);
    for (const answer of this.#statistics.values()) answer(null);
    this.#statistics.clear();
  }

  /** Starts the process anew, with longer and longer pauses where that fails. */
  async #restart(): Promise<void> {
    for (let pause = 500; !this.#closed; pause = Math.min(2 * pause, LONGEST_PAUSE_MILLISECONDS)) {
      await new Promise((resolve) => setTimeout(resolve, pause));
      if (this.#closed) return;
      this.#restarts++;
      try {
        const { child, information } = await start(this.#options);
        if (this.#closed) {
          child.kill("SIGKILL");
          return;
        }
        this.#information = information;
        this.#attach(child);
        return;
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        process.stderr.write(`inference could not be started again: ${reason}\n`);
      }
    }
  }
}

/** A process with the model open. */
async function start(
  options: InferenceOptions,
): Promise<{ child: ChildProcess; information: InferenceInformation }> {
  const child = fork(MAIN, [], {
    execArgv: ["--import", import.meta.resolve("tsx")],
    serialization: "advanced",
    // Nothing of it belongs on standard output, which may be a command's.
    stdio: ["ignore", 2, 2, "ipc"],
  });
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      child.removeAllListeners("message");
      child.removeAllListeners("exit");
      child.removeAllListeners("error");
    };
    child.once("error", (cause) => {
      settle();
      reject(new InferenceError(`the inference process did not start: ${cause.message}`, { cause }));
    });
    child.once("exit", (code, signal) => {
      settle();
      reject(
        new InferenceError(
          `the inference process ended with ${signal ?? `code ${code}`} before the model was open`,
        ),
      );
    });
    child.on("message", (message: FromInference) => {
      if (message.type === "opened") {
        settle();
        // A process that cannot be told something any more has its "exit" to say so.
        child.on("error", () => {});
        resolve({ child, information: message.information });
      } else if (message.type === "notOpened") {
        settle();
        child.disconnect();
        reject(new InferenceError(message.message));
      }
    });
    child.send({ type: "open", options } satisfies ToInference);
  });
}
