/**
 * Python behind WebAssembly: the sandbox for machines without bubblewrap (macOS, Windows, containers that forbid
 * user namespaces).
 *
 * What the wall is. The program is compiled for WebAssembly: it has no system calls, its files live in memory, and
 * its memory cannot grow past the limit. It runs in a child process of its own, which is killed at the deadline and
 * serves one program only. Should a program break out of WebAssembly into JavaScript, it finds Node's permission
 * model (no writing, no reading outside the packages that Pyodide loads from, no child processes, no workers, no
 * native addons), no way to compile text or WebAssembly, an empty environment, and the network's functions removed.
 *
 * What it is not. Pyodide was built to talk to JavaScript, not to keep programs in; its bridge is taken out, but no
 * kernel stands behind that. Removing functions is no namespace: a program with a way out of V8 itself has the
 * user's network and processor. Node calls its permission model no protection against malicious code. Processor
 * time is bounded by the wall clock alone. On Linux the whole process's memory is watched as well; elsewhere
 * WebAssembly's and V8's own limits have to do. Prefer bubblewrap where there is a choice.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { type Duplex, type Readable, Transform, type Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { Sandbox, SandboxCommand, SandboxExit, SandboxProcess } from "../sandbox.ts";
import { SandboxError } from "../sandbox-error.ts";
import type { Limits } from "../test-case.ts";
import { nodeParameters, pyodidePackage, type SnapshotRole } from "./pyodide-package.ts";

/** WebAssembly's share of a small limit would not hold the interpreter itself. */
const leastMemoryMegabytes = 64;
/** Node and Pyodide themselves, beside the program's memory. */
const ownMegabytes = 350;
const loadSeconds = 60;
const watchMilliseconds = 50;
const mostSnapshotBytes = 256 << 20;

export interface PyodideOptions {
  /** Started interpreters kept ready for the next programs; each takes about 130 MiB. */
  readonly spares?: number;
}

export class PyodideSandbox implements Sandbox {
  readonly kind = "pyodide";
  readonly #spares: number;
  readonly #ready = new Map<number, PyodideProcess[]>();
  #closed = false;
  #snapshot: Buffer | null = null;
  #snapshotComes = false;

  /** Throws SandboxError where the optional package `pyodide` is not installed. */
  constructor(options: PyodideOptions = {}) {
    this.#spares = options.spares ?? 1;
    pyodidePackage();
  }

  start(command: SandboxCommand): SandboxProcess {
    if (command.runtime !== "python")
      throw new SandboxError(`Pyodide runs Python only, not ${command.runtime}; install bubblewrap for it`);
    const megabytes = Math.max(leastMemoryMegabytes, Math.ceil(command.limits.memoryMegabytes));
    const ready = this.#ready.get(megabytes) ?? [];
    this.#ready.set(megabytes, ready);
    const fit = ready.splice(0).filter((process) => !process.over);
    const chosen = fit.shift() ?? this.#interpreter(megabytes);
    ready.push(...fit);
    chosen.begin(command);
    while (!this.#closed && ready.length < this.#spares) ready.push(this.#interpreter(megabytes));
    return chosen;
  }

  /** The first interpreter makes the snapshot that the later ones start from, in a sixth of the time. */
  #interpreter(megabytes: number): PyodideProcess {
    if (this.#snapshot !== null) return new PyodideProcess(megabytes, "use", this.#snapshot);
    if (this.#snapshotComes) return new PyodideProcess(megabytes, "none");
    this.#snapshotComes = true;
    const first = new PyodideProcess(megabytes, "make");
    first.snapshot.then((snapshot) => {
      this.#snapshot = snapshot;
      this.#snapshotComes = snapshot !== null;
    });
    return first;
  }

  /** Ends the spare interpreters; running programs are their callers'. */
  async close(): Promise<void> {
    this.#closed = true;
    const all = [...this.#ready.values()].flat();
    this.#ready.clear();
    for (const process of all) process.discard();
    await Promise.all(all.map((process) => process.exited));
  }
}

/** Whether the package is there and this Node.js can run it. */
export function describePyodide(): { readonly available: boolean; readonly reason: string } {
  try {
    return { available: true, reason: `pyodide in ${pyodidePackage()}` };
  } catch (error) {
    return { available: false, reason: error instanceof Error ? error.message : String(error) };
  }
}

/** One interpreter: loading, then waiting for its one job, then running it. */
class PyodideProcess implements SandboxProcess {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly exited: Promise<SandboxExit>;
  /** The memory of the started interpreter, sent before any job; null where none was asked for or came. */
  readonly snapshot: Promise<Buffer | null>;
  over = false;
  readonly #child: ChildProcess;
  readonly #megabytes: number;
  #status = "";
  #endedBy: SandboxExit["reason"] | null = null;
  #limits: Limits | null = null;
  #bytesOut = 0;
  #startedAt = performance.now();
  #clock: NodeJS.Timeout | undefined;
  #watch: NodeJS.Timeout | undefined;

  constructor(megabytes: number, role: SnapshotRole, snapshot?: Buffer) {
    this.#megabytes = megabytes;
    const child = spawn(process.execPath, nodeParameters(megabytes, role), {
      stdio: ["pipe", "pipe", "pipe", "pipe", "pipe"],
      env: {},
      cwd: dirname(fileURLToPath(import.meta.url)),
      windowsHide: true,
    });
    this.#child = child;
    this.stdin = child.stdin as Writable;
    this.stdin.on("error", () => {});
    this.stdout = this.#counted(child.stdout as Readable);
    this.stderr = this.#counted(child.stderr as Readable);
    const status = child.stdio[3] as Readable;
    status.on("error", () => {});
    status.on("data", (piece: Buffer) => this.#hear(piece.toString("latin1")));
    const snapshotPipe = child.stdio[4] as Duplex;
    snapshotPipe.on("error", () => {});
    this.snapshot = role === "make" ? collect(snapshotPipe) : Promise.resolve(null);
    if (role === "use") snapshotPipe.end(snapshot);
    this.exited = new Promise((resolve) => {
      child.once("error", () => resolve(this.#finish(null, null)));
      // Not `close`, which waits for whoever reads our streams.
      child.once("exit", (code, signal) => resolve(this.#finish(code, signal)));
    });
    this.#clock = setTimeout(() => this.#end("failed"), loadSeconds * 1000);
    this.#hold(false);
  }

  begin(command: SandboxCommand): void {
    this.#limits = command.limits;
    this.#hold(true);
    const files = Object.entries(command.files).map(([name, content]) => [
      name,
      Buffer.from(content).toString("base64"),
    ]);
    const { wallSeconds, fileMegabytes } = command.limits;
    const job = {
      parameters: command.parameters,
      files: Object.fromEntries(files),
      wallSeconds,
      fileMegabytes,
    };
    const body = Buffer.from(JSON.stringify(job), "utf8");
    const header = Buffer.alloc(4);
    header.writeUInt32BE(body.length, 0);
    this.stdin.write(Buffer.concat([header, body]));
    if (this.#status.includes("ready")) this.#startClock();
  }

  kill(): void {
    this.#end("killed");
  }

  /** Ends a spare one; whoever waits for its end must not run out of events to wait for. */
  discard(): void {
    this.#hold(true);
    this.kill();
  }

  #hear(text: string): void {
    const before = this.#status.includes("ready");
    this.#status = (this.#status + text).slice(0, 100);
    if (before || !this.#status.includes("ready")) return;
    clearTimeout(this.#clock);
    if (this.#limits !== null) this.#startClock();
  }

  #startClock(): void {
    const limits = this.#limits as Limits;
    clearTimeout(this.#clock);
    this.#startedAt = performance.now();
    this.#clock = setTimeout(() => this.#end("wall-clock"), limits.wallSeconds * 1000);
    this.#watch = setInterval(() => {
      const most = (this.#megabytes + ownMegabytes) * 2 ** 20;
      if (residentBytes(this.#child.pid) > most) this.#end("memory");
    }, watchMilliseconds);
  }

  /** A spare interpreter must not keep the host alive; it ends by itself when its input closes. */
  #hold(held: boolean): void {
    const action = held ? "ref" : "unref";
    this.#child[action]();
    for (const stream of this.#child.stdio) (stream as { ref?(): void; unref?(): void } | null)?.[action]?.();
    if (!held) this.#clock?.unref();
  }

  #counted(source: Readable): Readable {
    const counter = new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        const most = (this.#limits?.outputKilobytes ?? 64) * 1024;
        const room = most - this.#bytesOut;
        this.#bytesOut += chunk.length;
        if (chunk.length > room) this.#end("output");
        done(null, room <= 0 ? undefined : chunk.subarray(0, room));
      },
    });
    source.on("error", () => counter.end());
    return source.pipe(counter);
  }

  #end(reason: SandboxExit["reason"]): void {
    if (this.over) return;
    this.#endedBy ??= reason;
    this.#child.kill("SIGKILL");
  }

  #finish(code: number | null, signal: string | null): SandboxExit {
    this.over = true;
    clearTimeout(this.#clock);
    clearInterval(this.#watch);
    const wallMilliseconds = performance.now() - this.#startedAt;
    return { reason: this.#reason(code, signal), code, signal, wallMilliseconds };
  }

  #reason(code: number | null, signal: string | null): SandboxExit["reason"] {
    if (this.#endedBy !== null) return this.#endedBy;
    if (!this.#status.includes("ready")) return "failed";
    const refusedMemory = this.#status.includes("memory") || signal === "SIGABRT";
    if (refusedMemory && code !== 0) return "memory";
    return signal === null ? "exited" : "signalled";
  }
}

/** A snapshot and its length in four bytes behind it; null where something else comes. */
function collect(source: Readable): Promise<Buffer | null> {
  const pieces: Buffer[] = [];
  let total = 0;
  return new Promise((resolve) => {
    source.on("data", (piece: Buffer) => {
      total += piece.length;
      if (total <= mostSnapshotBytes) pieces.push(piece);
    });
    source.once("close", () => {
      const all = Buffer.concat(pieces);
      const size = all.length - 4;
      resolve(
        size > 0 && total === all.length && all.readUInt32BE(size) === size ? all.subarray(0, size) : null,
      );
    });
  });
}

/** What a process holds in memory, in bytes; 0 where the system does not say. */
function residentBytes(pid: number | undefined): number {
  if (process.platform !== "linux" || pid === undefined) return 0;
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, "latin1").split(" ")[1]) * 4096;
  } catch {
    return 0;
  }
}
