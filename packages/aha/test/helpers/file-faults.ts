/** Makes a chosen change to the files below a folder go wrong halfway: the process dies, or the disk is full. */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { relative } from "node:path";

type Change = (...parameters: unknown[]) => unknown;
const functions = fs as unknown as Record<string, Change>;

/** Changes that need room on the disk, and those that don't. */
const needRoom = ["writeSync", "writeFileSync", "openSync", "mkdirSync", "copyFileSync", "linkSync"];
const needNone = ["renameSync", "rmSync", "fsyncSync", "truncateSync", "ftruncateSync"];

export interface FileFault {
  readonly folder: string;
  /** Counts changes such as `writeSync checkpoints/step-000002/model.safetensors` that match. */
  readonly pattern: RegExp;
  /** Which of them goes wrong, from 1. */
  readonly count: number;
  /** `kill`: SIGKILL halfway through the change. `full`: no room for this change nor any later one. */
  readonly kind: "kill" | "full";
}

/** Half of what a write was asked to write: what a torn one leaves. */
function half(name: string, parameters: readonly unknown[]): unknown[] {
  const [target, data, offset = 0, length] = parameters;
  const size = (data as { length: number }).length;
  if (name === "writeFileSync") return [target, (data as string).slice(0, Math.floor(size / 2))];
  const whole = typeof length === "number" ? length : size - (offset as number);
  return [target, data, offset, Math.floor(whole / 2)];
}

/** Installs the fault; the returned function takes it away and tells what changes there were. */
export function installFileFault({ folder, pattern, count, kind }: FileFault): () => readonly string[] {
  const originals = new Map<string, Change>();
  const paths = new Map<number, string>();
  const changes: string[] = [];
  let matched = 0;
  for (const name of kind === "kill" ? [...needRoom, ...needNone] : needRoom) {
    const original = functions[name] as Change;
    originals.set(name, original);
    functions[name] = (...parameters) => {
      const [target, flags] = parameters;
      const path = typeof target === "number" ? paths.get(target) : String(target);
      const reading = name === "openSync" && (flags === undefined || flags === "r");
      const below = path !== undefined && !relative(folder, path).startsWith("..");
      const result = (): unknown => {
        const value = original(...parameters);
        if (name === "openSync" && below) paths.set(value as number, path);
        return value;
      };
      if (!below || reading || path.includes("heartbeat")) return result();
      const change = `${name} ${relative(folder, path)}`;
      changes.push(change);
      if (pattern.test(change)) matched++;
      if (matched < count) return result();
      if (/^write/.test(name) && matched === count) original(...half(name, parameters));
      if (kind === "kill") process.kill(process.pid, "SIGKILL");
      const error = new Error(`ENOSPC: no space left on device, ${change}`);
      throw Object.assign(error, { code: "ENOSPC", errno: -28, syscall: "write" });
    };
  }
  syncBuiltinESMExports();
  return () => {
    for (const [name, original] of originals) functions[name] = original;
    syncBuiltinESMExports();
    return changes;
  };
}
