/**
 * The process that keeps the sandboxes, seen from ours. Clocks, memory watch and the reading of pipes go on in it
 * while this process is busy: a training step can hold the event loop for seconds, in which a program would run
 * past its limits unseen, or wait for someone to read its output and be taken for slow.
 */
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { QueueFullError } from "../queue.ts";
import type { RunTestsOptions } from "../run-tests.ts";
import { SandboxError } from "../sandbox-error.ts";
import type { Program, ProgramTest, TestReport } from "../test-case.ts";
import type { KeeperAnswer } from "./keeper-protocol.ts";

interface Pending {
  readonly resolve: (report: TestReport) => void;
  readonly reject: (error: Error) => void;
}

export class Keeper {
  readonly #child: ChildProcess;
  readonly #pending = new Map<number, Pending>();
  #lastId = 0;
  #gone = false;

  constructor() {
    // The entry has this very file's extension: TypeScript from the sources, JavaScript once compiled.
    const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
    const { NODE_OPTIONS: _options, NODE_TEST_CONTEXT: _context, ...env } = process.env;
    this.#child = fork(fileURLToPath(new URL(`keeper-process.${extension}`, import.meta.url)), [], {
      env,
      execArgv: extension === "ts" ? ["--import", import.meta.resolve("tsx")] : [],
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    this.#child.on("message", (answer: KeeperAnswer) => this.#settle(answer));
    this.#child.on("error", (error) => this.#end(error.message));
    this.#child.on("exit", (code, signal) => this.#end(signal ?? `exit code ${code}`));
    this.#hold();
  }

  get gone(): boolean {
    return this.#gone;
  }

  run(program: Program, tests: readonly ProgramTest[], options: RunTestsOptions): Promise<TestReport> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#hold();
      this.#child.send({ id, program, tests, options }, (error) => {
        if (error !== null) this.#end(error.message);
      });
    });
  }

  /** Ends the process and with it every sandbox; resolves when all is gone. */
  async close(): Promise<void> {
    this.#end("closed");
    this.#child.ref();
    const exited = this.#child.exitCode !== null || this.#child.signalCode !== null;
    const exit = exited ? null : new Promise((resolve) => this.#child.once("exit", resolve));
    if (this.#child.connected) this.#child.disconnect();
    await exit;
  }

  #settle(answer: KeeperAnswer): void {
    const pending = this.#pending.get(answer.id);
    this.#pending.delete(answer.id);
    this.#hold();
    if ("report" in answer) pending?.resolve(answer.report);
    else pending?.reject(asError(answer.thrown));
  }

  /** Only unanswered requests keep this process alive. */
  #hold(): void {
    const action = this.#pending.size > 0 ? "ref" : "unref";
    this.#child[action]();
    this.#child.channel?.[action]();
  }

  #end(reason: string): void {
    this.#gone = true;
    for (const { reject } of this.#pending.values())
      reject(new SandboxError(`the process that keeps the sandboxes ended (${reason}); run the tests again`));
    this.#pending.clear();
  }
}

const kinds: Readonly<Record<string, new (message: string) => Error>> = {
  SandboxError,
  QueueFullError,
  RangeError,
  TypeError,
};

function asError({ name, message }: { readonly name: string; readonly message: string }): Error {
  const Kind = kinds[name] ?? Error;
  return new Kind(message);
}
