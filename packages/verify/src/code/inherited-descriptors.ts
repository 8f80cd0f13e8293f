/** Open files of this process that every program it starts would get as well. */
import { readdirSync, readFileSync } from "node:fs";

const closedOnExec = 0o2000000;

/**
 * Descriptors above 2 that are not closed on exec: a shell's pipe, a device a native library holds. A sandbox
 * must not see them, so its start puts something harmless in their places.
 */
export function inheritedDescriptors(): number[] {
  return readdirSync("/proc/self/fdinfo")
    .map(Number)
    .filter((descriptor) => {
      if (descriptor <= 2) return false;
      try {
        const flags = /^flags:\s*(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, "latin1"))?.[1];
        return flags !== undefined && (Number.parseInt(flags, 8) & closedOnExec) === 0;
      } catch {
        // Closed since the listing: the listing's own descriptor, for one.
        return false;
      }
    });
}
