/** How the command line ends when something is wrong: which errors are known, and what is shown of them. */

/** A command used wrongly; ends with exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

const builtIn = new Set([
  "Error",
  "TypeError",
  "RangeError",
  "ReferenceError",
  "SyntaxError",
  "EvalError",
  "URIError",
  "AggregateError",
]);

/**
 * Errors whose message is written for the user: classes of our own, and the system's with a code such as
 * ENOENT. Everything else is a fault of the program and is shown with its stack.
 */
export function isKnownError(error: unknown): error is Error {
  return error instanceof Error && (!builtIn.has(error.name) || "syscall" in error);
}

/** The text shown for an error; `debug` adds the stack to those that would go without. */
export function describeError(error: unknown, debug: boolean): string {
  if (!(error instanceof Error)) return `aha: ${String(error)}`;
  if (isKnownError(error) && !debug) return `aha: ${error.message}\n(AHA_DEBUG=1 shows the stack)`;
  if (isKnownError(error)) return `aha: ${withCauses(error)}`;
  return `aha: an error that should not happen; please report it with this stack\n${withCauses(error)}`;
}

function withCauses(error: Error): string {
  const stack = error.stack ?? `${error.name}: ${error.message}`;
  return error.cause instanceof Error ? `${stack}\ncaused by ${withCauses(error.cause)}` : stack;
}

/** 2 for a command used wrongly, else 1. */
export const exitCodeOf = (error: unknown) => (error instanceof UsageError ? 2 : 1);
