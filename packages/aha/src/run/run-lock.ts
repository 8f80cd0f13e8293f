/** Keeps two trainers out of one run directory. */
import {
  closeSync,
  linkSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { asStorageError } from "./storage-error.ts";

/** Who holds a lock. */
interface Holder {
  readonly pid: number;
  readonly host: string;
  /** The system's mark of when the process started, where it tells; guards against reused process ids. */
  readonly started: string | null;
}

/** Raised when another living process trains in the same run directory. */
export class RunLockedError extends Error {
  override readonly name = "RunLockedError";
  constructor(path: string, { pid, host }: Holder) {
    const where = host === hostname() ? "" : ` on ${host}`;
    super(
      `another process (${pid}${where}) is training in this run directory; wait for it, stop it, or take ` +
        `another --run-dir. If it is surely gone, remove ${path}`,
    );
  }
}

/** A held lock. */
export interface RunLock {
  release(): void;
}

/**
 * Takes the lock file, also from a holder that no longer lives on this machine.
 *
 * @throws {RunLockedError} when the holder lives, or runs on another machine
 */
export function takeRunLock(path: string): RunLock {
  const mine: Holder = {
    pid: process.pid,
    host: hostname(),
    started: statusOf(process.pid)?.started ?? null,
  };
  const candidate = `${path}.${process.pid}`;
  try {
    const descriptor = openSync(candidate, "w");
    writeSync(descriptor, `${JSON.stringify(mine)}\n`);
    closeSync(descriptor);
    claim(candidate, path);
    removeDeadCandidates(path);
  } catch (error) {
    throw asStorageError(error, path, "the run directory is as it was");
  } finally {
    rmSync(candidate, { force: true });
  }
  return {
    release: () => {
      const holder = readHolder(path);
      if (holder !== undefined && sameHolder(holder, mine)) rmSync(path, { force: true });
    },
  };
}

/** Whether a process that lives, or that runs on another machine, holds the lock. */
export function isLockHeld(path: string): boolean {
  const holder = readHolder(path);
  return holder !== undefined && isAlive(holder);
}

/** A link appears under its name whole or not at all, and only where the name is free. */
function claim(candidate: string, path: string): void {
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      linkSync(candidate, path);
      return;
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    }
    const holder = readHolder(path);
    if (holder !== undefined && isAlive(holder)) throw new RunLockedError(path, holder);
    setAside(path, candidate);
  }
  throw new RunLockedError(path, readHolder(path) ?? { pid: 0, host: hostname(), started: null });
}

/**
 * Takes a stale lock away. Renaming takes exactly one file; where that turns out to be the fresh lock of
 * another process that was quicker, it is put back.
 */
function setAside(path: string, candidate: string): void {
  const aside = `${candidate}.stale`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return;
    throw error;
  }
  const taken = readHolder(aside);
  if (taken !== undefined && isAlive(taken)) renameSync(aside, path);
  else rmSync(aside, { force: true });
}

/** Removes what processes killed while they were taking the lock left beside it: `lock.123`, `lock.123.stale`. */
function removeDeadCandidates(path: string): void {
  const folder = dirname(path);
  for (const name of readdirSync(folder)) {
    if (!name.startsWith(`${basename(path)}.`)) continue;
    const pid = /^(\d+)(\.stale)?$/.exec(name.slice(basename(path).length + 1))?.[1];
    if (pid === undefined) continue;
    const holder = readHolder(join(folder, name)) ?? { pid: Number(pid), host: hostname(), started: null };
    if (!isAlive(holder)) rmSync(join(folder, name), { force: true });
  }
}

function readHolder(path: string): Holder | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(path, "utf8"));
    return isHolder(value) ? value : undefined;
  } catch {
    return undefined; // Gone, or torn by a crash: no living holder can be named.
  }
}

function isHolder(value: unknown): value is Holder {
  return (
    typeof value === "object" && value !== null && "pid" in value && "host" in value && "started" in value
  );
}

const sameHolder = (a: Holder, b: Holder) => a.pid === b.pid && a.host === b.host && a.started === b.started;

/** A holder on another machine counts as living: its process cannot be seen from here. */
function isAlive({ pid, host, started }: Holder): boolean {
  if (host !== hostname()) return true;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
  const now = statusOf(pid);
  if (now === null) return true;
  // A zombie has ended; only its parent has not asked how. In a container without an init it stays for good.
  return now.state !== "Z" && now.state !== "X" && (started === null || now.started === started);
}

/** State letter and start time (clock ticks since boot) of a process: fields 3 and 22 of Linux's /proc/<pid>/stat. */
function statusOf(pid: number): { readonly state: string; readonly started: string } | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    const [state, started] = [fields[0], fields[19]];
    return state === undefined || started === undefined ? null : { state, started };
  } catch {
    return null; // Another system: the process id alone must do.
  }
}
