/** What a sandbox's process tree holds at this moment, read from the host through /proc. */
import { readdirSync, readFileSync, readlinkSync, statfsSync } from "node:fs";

export interface TreeUsage {
  /** Anonymous and shared memory, page tables and the private /tmp together, bytes. */
  readonly bytes: number;
  /** Files and folders in the private /tmp. */
  readonly files: number;
  readonly processes: number;
}

/**
 * `init` is the host's number of the sandbox's first process. Its own view of /proc lists exactly the processes
 * of its namespace, whatever they did to their parents. Null when the tree is gone, or not yet behind the wall.
 *
 * Pages that processes share after a fork are counted in each of them at first; only where that sum passes
 * `limitBytes` are the proportional sizes read, which cost more.
 */
export function treeUsage(init: number, limitBytes: number): TreeUsage | null {
  const root = `/proc/${init}/root`;
  let names: string[];
  try {
    // While the wall is being put up, this is still the host's root, where we see ourselves.
    if (seesUs(root)) return null;
    names = readdirSync(`${root}/proc`).filter((name) => name >= "0" && name < ":");
  } catch {
    return null;
  }
  const disk = temporaryUsage(root);
  const whole = sum(names.map((name) => statusBytes(`${root}/proc/${name}/status`))) + disk.bytes;
  const counts = { files: disk.files, processes: names.length };
  if (whole <= limitBytes) return { bytes: whole, ...counts };
  const shared = sum(names.map((name) => proportionalBytes(`${root}/proc/${name}`)));
  return { bytes: shared + disk.bytes, ...counts };
}

function seesUs(root: string): boolean {
  try {
    readlinkSync(`${root}/proc/self`);
    return true;
  } catch {
    return false;
  }
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

function temporaryUsage(root: string): { bytes: number; files: number } {
  try {
    const disk = statfsSync(`${root}/tmp`);
    return { bytes: (disk.blocks - disk.bfree) * disk.bsize, files: disk.files - disk.ffree };
  } catch {
    return { bytes: 0, files: 0 };
  }
}

/** Resident memory but for the pages of files on disk, plus page tables (which mapping alone can fill). */
function statusBytes(path: string): number {
  const text = readText(path);
  return 1024 * (field(text, "RssAnon") + field(text, "RssShmem") + field(text, "VmPTE"));
}

function proportionalBytes(folder: string): number {
  const rollup = readText(`${folder}/smaps_rollup`);
  if (rollup === "") return statusBytes(`${folder}/status`);
  const pages = field(rollup, "Pss_Anon") + field(rollup, "Pss_Shmem");
  return 1024 * (pages + field(readText(`${folder}/status`), "VmPTE"));
}

/** Empty when the process ended between the listing and the reading. */
function readText(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

/** The number after `name:` in KiB, 0 where it is missing. */
function field(text: string, name: string): number {
  const start = text.indexOf(`${name}:`);
  return start < 0
    ? 0
    : Number.parseInt(text.slice(start + name.length + 1, start + name.length + 24), 10) || 0;
}
