/** The wall of Linux namespaces: one process tree in bwrap, watched and ended from the host. */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { constants } from "node:os";
import { type Readable, Transform, type Writable } from "node:stream";
import { bubblewrapArguments, descriptors } from "./bubblewrap-arguments.ts";
import { programOnPath, sandboxUser } from "./host-runtimes.ts";
import { inheritedDescriptors } from "./inherited-descriptors.ts";
import { gone, identify, killProcess, type ProcessIdentity } from "./process-identity.ts";
import type { Sandbox, SandboxCommand, SandboxExit, SandboxProcess } from "./sandbox.ts";
import { SandboxError } from "./sandbox-error.ts";
import { seccompFilter } from "./seccomp.ts";
import type { Limits } from "./test-case.ts";
import { watch } from "./watcher.ts";

/** A process tree that may wait for its work: its clock and its limits start with `begin`. */
export interface PreparedProcess extends SandboxProcess {
  /** Starts the wall clock and the watch; before it, only trusted code may run inside. */
  begin(wallSeconds: number): void;
  /** Whether its end keeps this process alive: a waiting one must not. */
  hold(held: boolean): void;
  readonly ended: boolean;
}

export class Bubblewrap implements Sandbox {
  readonly kind = "bubblewrap";

  start(command: SandboxCommand): SandboxProcess {
    const started = this.prepare(command);
    started.begin(command.limits.wallSeconds);
    return started;
  }

  /** Throws SandboxError where bwrap or the runtime is missing. */
  prepare(command: SandboxCommand): PreparedProcess {
    const bwrap = programOnPath("bwrap");
    if (bwrap === null)
      throw new SandboxError("bubblewrap is not installed; install it (apt-get install bubblewrap)");
    const files = Object.values(command.files);
    const parameters = bubblewrapArguments(command);
    const nowhere = openSync("/dev/null", "r");
    let child: ChildProcess;
    try {
      const stdio = descriptorTable(descriptors.firstFile + files.length, nowhere);
      child = spawn(bwrap, parameters, { stdio, env: {}, cwd: "/", ...(sandboxUser ?? {}) });
    } finally {
      closeSync(nowhere);
    }
    feed(child, descriptors.seccomp, seccompFilter(process.arch));
    for (const [index, content] of files.entries()) feed(child, descriptors.firstFile + index, content);
    return new BubblewrapProcess(child, command.limits);
  }
}

/** A pipe for each of our own descriptors, /dev/null over what this process would leak. */
function descriptorTable(pipes: number, nowhere: number): ("pipe" | "ignore" | number)[] {
  const table: ("pipe" | "ignore" | number)[] = Array(pipes).fill("pipe");
  for (const leaked of inheritedDescriptors()) {
    if (leaked < pipes) continue;
    while (table.length <= leaked) table.push("ignore");
    table[leaked] = nowhere;
  }
  return table;
}

function feed(child: ChildProcess, descriptor: number, content: string | Uint8Array): void {
  const stream = child.stdio[descriptor] as Writable;
  // A tree that ends before it has read everything is told by its exit, not by a broken pipe.
  stream.on("error", () => {});
  stream.end(content);
}

/** Every sandbox that this process has started and that has not ended. */
const live = new Set<BubblewrapProcess>();

/** Ends all of them, the waiting ones too, and resolves when nothing is left. */
export async function endAllSandboxes(): Promise<void> {
  const all = [...live];
  for (const running of all) running.hold(true);
  for (const running of all) running.kill();
  await Promise.all(all.map((running) => running.exited));
}

/** bwrap that has not told of its first process by then will not. */
const slowestStartSeconds = 20;

class BubblewrapProcess implements PreparedProcess {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly exited: Promise<SandboxExit>;
  ended = false;

  readonly #child: ChildProcess;
  readonly #limits: Limits;
  readonly #resolve: (exit: SandboxExit) => void;
  #startedAt = performance.now();
  #status = "";
  #init: ProcessIdentity | null = null;
  #begun = false;
  #endedBy: SandboxExit["reason"] | null = null;
  #bytesOut = 0;
  #clock: ReturnType<typeof setTimeout> | undefined;
  #unwatch: (() => void) | undefined;

  constructor(child: ChildProcess, limits: Limits) {
    this.#child = child;
    this.#limits = limits;
    let resolveExit: (exit: SandboxExit) => void = () => {};
    this.exited = new Promise((resolve) => {
      resolveExit = resolve;
    });
    this.#resolve = resolveExit;
    this.stdin = child.stdin as Writable;
    this.stdin.on("error", () => {});
    this.stdout = this.#counted(child.stdout as Readable);
    this.stderr = this.#counted(child.stderr as Readable);
    (child.stdio[descriptors.status] as Readable).on("data", (chunk: Buffer) => this.#readStatus(chunk));
    live.add(this);
    child.on("error", (error) => this.#finish("failed", null, error.message));
    const status = child.stdio[descriptors.status] as Readable;
    const statusRead = new Promise<void>((resolve) => status.once("close", resolve));
    child.once("exit", async (code) => {
      // bwrap leaves when the program does; what the program left running ends here.
      if (this.#init !== null) killProcess(this.#init);
      await statusRead;
      if (this.#init !== null) await gone(this.#init);
      this.#close(code);
    });
  }

  begin(wallSeconds: number): void {
    this.#begun = true;
    this.#startedAt = performance.now();
    clearTimeout(this.#clock);
    this.#clock = setTimeout(() => this.#end("wall-clock"), wallSeconds * 1000);
    this.#startWatch();
  }

  kill(): void {
    this.#end("killed");
  }

  hold(held: boolean): void {
    const action = held ? "ref" : "unref";
    this.#child[action]();
    for (const stream of this.#child.stdio) (stream as { ref?(): void; unref?(): void } | null)?.[action]?.();
  }

  /** Passes bytes on and ends the tree once both streams together have brought too many. */
  #counted(source: Readable): Readable {
    const most = this.#limits.outputKilobytes * 1024;
    const counter = new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        const room = most - this.#bytesOut;
        this.#bytesOut += chunk.length;
        if (chunk.length > room) this.#end("output");
        done(null, room <= 0 ? undefined : chunk.subarray(0, room));
      },
    });
    source.on("error", () => counter.end());
    return source.pipe(counter);
  }

  #readStatus(chunk: Buffer): void {
    this.#status += chunk.toString("latin1");
    if (this.#init !== null) return;
    const init = /"child-pid"\s*:\s*(\d+)/.exec(this.#status)?.[1];
    if (init === undefined) return;
    this.#init = identify(Number(init));
    if (this.#endedBy !== null) this.#kill();
    else if (this.#begun) this.#startWatch();
  }

  #startWatch(): void {
    if (this.#init === null || this.#unwatch !== undefined || this.ended) return;
    this.#unwatch = watch({
      init: this.#init.pid,
      memoryBytes: this.#limits.memoryMegabytes * 2 ** 20,
      // The shell and a runner come on top; the kernel's own limit, where it has one, is reached before.
      processes: this.#limits.processes + 20,
      exceed: () => this.#end("memory"),
    });
  }

  #end(reason: SandboxExit["reason"]): void {
    if (this.ended) return;
    this.#endedBy ??= reason;
    clearTimeout(this.#clock);
    this.#clock = undefined;
    this.#kill();
  }

  /**
   * The kernel ends every process of a namespace with its first. Before bwrap has told which that is, it must not
   * be killed itself: the process it has just made would wait for it for ever. It tells within milliseconds.
   */
  #kill(): void {
    if (this.#init !== null) killProcess(this.#init);
    else this.#clock ??= setTimeout(() => this.#child.kill("SIGKILL"), slowestStartSeconds * 1000);
  }

  #close(code: number | null): void {
    const written = /"exit-code"\s*:\s*(\d+)/.exec(this.#status)?.[1];
    const signal = signalNames.get(Number(written) - 128);
    if (this.#endedBy !== null) this.#finish(this.#endedBy, null, "SIGKILL");
    else if (written === undefined) this.#finish("failed", code, null);
    else if (signal === undefined) this.#finish("exited", Number(written), null);
    else this.#finish(signal === "SIGXCPU" ? "cpu-time" : "signalled", null, signal);
  }

  #finish(reason: SandboxExit["reason"], code: number | null, signal: string | null): void {
    if (this.ended) return;
    this.ended = true;
    live.delete(this);
    clearTimeout(this.#clock);
    this.#unwatch?.();
    const wallMilliseconds = performance.now() - this.#startedAt;
    this.#resolve({ reason, code, signal, wallMilliseconds });
  }
}

const signalNames: ReadonlyMap<number, string> = new Map(
  Object.entries(constants.signals).map(([name, number]) => [number, name]),
);
