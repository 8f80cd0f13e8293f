/** Memory scopes: everything made inside is released at the end, except what is returned. */
import { native } from "./native.ts";
import { adopt, scopeClosed, scopeOpened, Tensor } from "./tensor.ts";
import { TorchError } from "./torch-error.ts";

function collect(value: unknown, found: Tensor[], seen: Set<object>): void {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return;
  if (value instanceof Tensor) {
    found.push(value);
    return;
  }
  if (seen.has(value)) return;
  seen.add(value);
  if (value instanceof Map) {
    for (const [key, item] of value) {
      collect(key, found, seen);
      collect(item, found, seen);
    }
  } else if (Array.isArray(value) || value instanceof Set) {
    for (const item of value) collect(item, found, seen);
  } else {
    for (const item of Object.values(value)) collect(item, found, seen);
  }
}

function isThenable(value: unknown): boolean {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

/**
 * Runs `body` and releases every tensor made in it, except those in its result (found through arrays, maps, sets and
 * plain objects), which the enclosing scope owns from then on. Scopes nest; a throw inside releases everything.
 *
 * @throws TorchError when `body` returns a promise: its tensors would be gone before it continues.
 */
export function scope<Result>(body: () => Result): Result {
  const marker = native.beginScope();
  scopeOpened();
  let kept: Tensor | readonly Tensor[] | null = null;
  try {
    const result = body();
    if (result instanceof Tensor) kept = result;
    else if (typeof result === "object" && result !== null) {
      if (isThenable(result)) {
        // Its rejection is not left unhandled by the error thrown here instead.
        Promise.resolve(result).catch(() => {});
        throw new TorchError(
          "scope() got a promise: its tensors are released before an asynchronous body goes on. " +
            "Await first and use scope() around the synchronous parts",
        );
      }
      const found: Tensor[] = [];
      collect(result, found, new Set());
      kept = found;
    }
    return result;
  } finally {
    close(marker, kept);
  }
}

function close(marker: number, kept: Tensor | readonly Tensor[] | null): void {
  if (kept === null) native.endScope(marker);
  else if (kept instanceof Tensor) native.endScope(marker, kept.handle);
  else
    native.endScope(
      marker,
      kept.map((tensor) => tensor.handle),
    );
  scopeClosed();
  if (kept instanceof Tensor) adopt(kept);
  else if (kept !== null) for (const tensor of kept) adopt(tensor);
}

/** Number of tensors that are alive in this thread; a test's way to see a leak. */
export function liveTensors(): number {
  return native.liveTensors();
}
