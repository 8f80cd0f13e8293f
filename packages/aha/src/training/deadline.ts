/** A deadline that a blocked event loop does not use up: what arrived in time is read before it passes. */

export interface Deadline {
  readonly passed: Promise<void>;
  /** Leaves no timer behind. */
  cancel(): void;
}

const PARTS = 16;

/**
 * Passes after so many seconds in which the event loop turned. LibTorch blocks the loop for long; a plain timer would
 * then fire before the verdict that has been waiting to be read. Here time is taken in parts, a timer each: a block
 * costs one part at most.
 */
export function afterTurns(seconds: number): Deadline {
  let timer: NodeJS.Timeout;
  let left = PARTS;
  const passed = new Promise<void>((resolve) => {
    const part = (): void => {
      if (left-- === 0) resolve();
      else timer = setTimeout(part, (seconds * 1000) / PARTS);
    };
    part();
  });
  return { passed, cancel: () => clearTimeout(timer) };
}
