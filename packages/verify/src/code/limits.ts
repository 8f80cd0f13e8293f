/** What one test may use when its caller says nothing, and the check of what a caller says. */
import type { Limits } from "./test-case.ts";

export const defaultLimits: Limits = {
  wallSeconds: 10,
  cpuSeconds: 10,
  memoryMegabytes: 512,
  processes: 32,
  fileMegabytes: 64,
  outputKilobytes: 8192,
};

/** `defaultLimits` with the caller's own; throws RangeError for a limit that is not a positive finite number. */
export function completeLimits(given: Partial<Limits> = {}): Limits {
  const limits = { ...defaultLimits };
  for (const name of Object.keys(defaultLimits) as (keyof Limits)[]) {
    const value = given[name];
    if (value === undefined) continue;
    if (!(value > 0 && Number.isFinite(value)))
      throw new RangeError(`limit ${name} must be a positive number, got ${value}`);
    limits[name] = value;
  }
  return limits;
}
