/** The wall between untrusted programs and this machine: what a sandbox does, whichever one it is. */
import type { Readable, Writable } from "node:stream";
import type { Limits, SandboxKind } from "./test-case.ts";

/** One process tree to run behind the wall, in a fresh private file system. */
export interface SandboxCommand {
  /** Which runtime must be there: an interpreter, or the C++ compiler. */
  readonly runtime: "python" | "node" | "cpp";
  /** Arguments after the runtime's program (for `cpp`: the whole command line). */
  readonly parameters: readonly string[];
  /** Files to lay into the working folder, by relative path. */
  readonly files: Readonly<Record<string, string>>;
  readonly limits: Limits;
}

/** Why a sandboxed process tree ended. */
export interface SandboxExit {
  readonly reason: "exited" | "signalled" | "wall-clock" | "cpu-time" | "memory" | "output" | "killed";
  readonly code: number | null;
  readonly signal: string | null;
  readonly wallMilliseconds: number;
}

/** A running process tree; talking to it is by standard streams alone. */
export interface SandboxProcess {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Resolves when every process of the tree is gone; never rejects. */
  readonly exited: Promise<SandboxExit>;
  /** Ends the whole tree with SIGKILL. */
  kill(): void;
}

export interface Sandbox {
  readonly kind: SandboxKind;
  /** Throws SandboxError where the runtime is not to be had behind this wall. */
  start(command: SandboxCommand): SandboxProcess;
}
