/** One process of the host, told from a later one that got its number. */
import { readFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";

export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks since the machine's start; empty when the process had already gone. */
  readonly startTime: string;
}

export function identify(pid: number): ProcessIdentity {
  return { pid, startTime: statFields(pid)?.startTime ?? "" };
}

/** A zombie counts as gone: it runs nothing and holds nothing. */
export function isAlive(identity: ProcessIdentity): boolean {
  const fields = statFields(identity.pid);
  return fields !== null && fields.startTime === identity.startTime && !"ZX".includes(fields.state);
}

/** SIGKILL, unless it has gone meanwhile. */
export function killProcess(identity: ProcessIdentity): void {
  if (!isAlive(identity)) return;
  try {
    process.kill(identity.pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** Resolves once the process has gone. */
export async function gone(identity: ProcessIdentity): Promise<void> {
  for (let milliseconds = 1; isAlive(identity); milliseconds = Math.min(50, 2 * milliseconds))
    await wait(milliseconds);
}

function statFields(pid: number): { state: string; startTime: string } | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The second field is the program's name in brackets, and may hold anything.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return { state: fields[0] ?? "", startTime: fields[19] ?? "" };
  } catch {
    return null;
  }
}
