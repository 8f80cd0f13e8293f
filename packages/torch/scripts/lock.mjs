/** A lock between processes, so that two set-ups on one checkout do not build the same thing at once. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { makeBuildFolder } from "./places.mjs";
import { SetupError } from "./setup-error.mjs";

/**
 * Runs `work` while holding the lock `name`; waits for a live holder, takes the lock over from a dead one.
 * @template T
 * @param {string} name
 * @param {() => Promise<T>} work
 * @param {{ waitMinutes?: number, say?: (line: string) => void }} [options]
 * @returns {Promise<T>}
 * @throws {SetupError} when a live process still holds the lock after `waitMinutes`
 */
export async function withLock(name, work, { waitMinutes = 30, say = () => {} } = {}) {
  const folder = join(makeBuildFolder(), `${name}.lock`);
  const ownerFile = join(folder, "process");
  const deadline = Date.now() + waitMinutes * 60_000;
  for (let attempt = 0; ; attempt++) {
    if (tryMakeFolder(folder)) break;
    const owner = readOwner(ownerFile);
    if (owner === undefined ? attempt >= 20 : !isAlive(owner)) {
      rmSync(folder, { recursive: true, force: true });
      continue;
    }
    if (Date.now() > deadline) {
      throw new SetupError(`Process ${owner} has held ${folder} for over ${waitMinutes} minutes.`, [
        `stop process ${owner} if it hangs, then: rm -r '${folder}'`,
      ]);
    }
    if (attempt === 4) say(`waiting for process ${owner ?? "unknown"}, which is doing the same work`);
    await sleep(250);
  }
  try {
    writeFileSync(ownerFile, String(process.pid));
    return await work();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {string} folder */
function tryMakeFolder(folder) {
  try {
    mkdirSync(folder);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}

/** @param {string} file */
function readOwner(file) {
  try {
    const owner = Number.parseInt(readFileSync(file, "utf8"), 10);
    return Number.isInteger(owner) ? owner : undefined;
  } catch {
    return undefined; // the holder has made the folder but not yet written its number
  }
}

/** @param {number} owner */
function isAlive(owner) {
  try {
    process.kill(owner, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
