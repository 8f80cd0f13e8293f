/** Runs a Python program on one input after another in one sandbox, each time in a process forked for it. */
import { readFileSync } from "node:fs";
import { constants } from "node:os";
import { describeEnd, describeStop, type Execution, type Executor, type FailedStatus } from "./execution.ts";
import type { Sandbox, SandboxCommand, SandboxProcess } from "./sandbox.ts";
import type { Limits } from "./test-case.ts";

const runner = readFileSync(new URL("runners/io-runner.py", import.meta.url), "utf8");

/** Coming up is the machine's business, not the program's; this only ends what hangs. */
const startSeconds = 30;
/** The sandbox as a whole is bounded by the tests' own limits, which the host keeps. */
const sessionSeconds = 24 * 3600;
const sessionKilobytes = 2 ** 40;

function runnerCommand(limits: Limits): SandboxCommand {
  return {
    runtime: "python",
    parameters: ["-s", "-c", runner],
    files: {},
    limits: { ...limits, wallSeconds: sessionSeconds, outputKilobytes: sessionKilobytes },
    waits: true,
  };
}

export class PythonExecutor implements Executor {
  readonly #sandbox: Sandbox;
  readonly #source: string;
  readonly #limits: Limits;
  #session: Session | null = null;

  constructor(sandbox: Sandbox, source: string, limits: Limits) {
    this.#sandbox = sandbox;
    this.#source = source;
    this.#limits = limits;
  }

  async run(stdin: string): Promise<Execution> {
    await this.#session?.settled;
    if (this.#session?.over !== false) {
      await this.close();
      this.#session = new Session(this.#sandbox.start(runnerCommand(this.#limits)), this.#limits);
      this.#session.send(this.#source);
    }
    return this.#session.run(stdin);
  }

  async close(): Promise<void> {
    const session = this.#session;
    this.#session = null;
    if (session !== null) await session.close();
  }
}

interface Run {
  readonly stdout: Buffer[];
  stderr: string;
  bytes: number;
  readonly startedAt: number;
  readonly resolve: (execution: Execution) => void;
  clock: ReturnType<typeof setTimeout> | undefined;
}

/** One sandbox and the frames that it speaks. */
class Session {
  over = false;
  /** Resolves when what the last run left behind is cleared away, or the sandbox is gone. */
  settled: Promise<void> = Promise.resolve();
  #settle: () => void = () => {};
  readonly #process: SandboxProcess;
  readonly #limits: Limits;
  readonly #ready: Promise<void>;
  #resolveReady: () => void = () => {};
  #buffer: Buffer[] = [];
  #buffered = 0;
  #run: Run | null = null;
  #own = "";
  /** Why the host ended the sandbox; what its end would say is only that it was ended. */
  #stopped: Stopped | null = null;

  constructor(process: SandboxProcess, limits: Limits) {
    this.#process = process;
    this.#limits = limits;
    this.#ready = new Promise((resolve) => {
      this.#resolveReady = resolve;
    });
    process.stdout.on("data", (chunk: Buffer) => this.#read(chunk));
    process.stderr.on("data", (chunk: Buffer) => {
      this.#own = (this.#own + chunk.toString("utf8")).slice(-4000);
    });
    const hanging = setTimeout(() => process.kill(), startSeconds * 1000);
    void this.#ready.then(() => clearTimeout(hanging));
    void process.exited.then((exit) => {
      this.over = true;
      this.#resolveReady();
      this.#settle();
      this.#stopped ??= describeStop(exit, this.#own) ?? {
        status: "crashed",
        // Only the program can have ended the runner.
        detail: `the program ended its sandbox (${exit.signal ?? `exit code ${exit.code}`})`,
      };
      this.#finish(this.#stopped);
    });
  }

  send(text: string): void {
    const bytes = Buffer.from(text, "utf8");
    const header = Buffer.alloc(4);
    header.writeUInt32LE(bytes.length);
    this.#process.stdin.write(header);
    this.#process.stdin.write(bytes);
  }

  async run(stdin: string): Promise<Execution> {
    await this.#ready;
    return new Promise((resolve) => {
      this.#run = {
        stdout: [],
        stderr: "",
        bytes: 0,
        startedAt: performance.now(),
        resolve,
        clock: undefined,
      };
      if (this.#stopped !== null) {
        this.#finish({ status: "error", detail: `the sandbox did not start: ${this.#stopped.detail}` });
        return;
      }
      this.#run.clock = setTimeout(
        () => this.#stop({ status: "timeout", detail: "wall clock passed" }),
        this.#limits.wallSeconds * 1000,
      );
      this.settled = new Promise((settle) => {
        this.#settle = settle;
      });
      this.send(stdin);
    });
  }

  async close(): Promise<void> {
    this.over = true;
    this.#process.kill();
    await this.#process.exited;
  }

  #read(chunk: Buffer): void {
    this.#buffer.push(chunk);
    this.#buffered += chunk.length;
    if (this.#buffered < 5) return;
    let bytes = Buffer.concat(this.#buffer);
    while (bytes.length >= 5) {
      const end = 5 + bytes.readUInt32LE(1);
      if (bytes.length < end) break;
      this.#frame(String.fromCharCode(bytes[0] as number), bytes.subarray(5, end));
      bytes = bytes.subarray(end);
    }
    this.#buffer = [bytes];
    this.#buffered = bytes.length;
  }

  #frame(kind: string, payload: Buffer): void {
    const run = this.#run;
    if (kind === "r") this.#resolveReady();
    else if (kind === "c") this.#settle();
    else if (run === null) return;
    else if (kind === "x") this.#finish(runEnd(run, payload));
    else this.#collect(run, kind, payload);
  }

  #collect(run: Run, kind: string, payload: Buffer): void {
    run.bytes += payload.length;
    if (run.bytes > this.#limits.outputKilobytes * 1024)
      this.#stop({ status: "output-limit", detail: "more output than allowed" });
    else if (kind === "o") run.stdout.push(payload);
    else run.stderr = (run.stderr + payload.toString("utf8")).slice(-4000);
  }

  /** The host ends a run, and with it the sandbox it ran in. */
  #stop(told: Stopped): void {
    this.over = true;
    this.#stopped ??= told;
    this.#process.kill();
  }

  #finish(told: Told): void {
    const run = this.#run;
    if (run === null) return;
    this.#run = null;
    clearTimeout(run.clock);
    run.resolve({ ...told, wallMilliseconds: performance.now() - run.startedAt });
  }
}

type Stopped = { readonly status: FailedStatus; readonly detail: string };
type Told = Stopped | { readonly status: "finished"; readonly stdout: string };

/** From the runner's last frame of a run. */
function runEnd(run: Run, payload: Buffer): Told {
  const end = JSON.parse(payload.toString("utf8")) as { code: number | null; signal: number | null };
  if (end.code === 0) return { status: "finished", stdout: Buffer.concat(run.stdout).toString("utf8") };
  const signal = end.signal === null ? null : (signalNames.get(end.signal) ?? String(end.signal));
  return describeEnd({ code: end.code, signal }, run.stderr);
}

const signalNames: ReadonlyMap<number, string> = new Map(
  Object.entries(constants.signals).map(([name, number]) => [number, name]),
);
