/** The pool's own refusals; what a task does is never an exception but an answer. */

export class PoolFullError extends Error {
  override readonly name = "PoolFullError";
  constructor(maximumQueue: number) {
    super(
      `Expected at most ${maximumQueue} waiting tasks; one more came. Await earlier ones, use runAll (which takes ` +
        "tasks only as workers get to them), or raise maximumQueue.",
    );
  }
}

export class PoolClosedError extends Error {
  override readonly name = "PoolClosedError";
  constructor() {
    super("Expected an open pool; this one was closed. Make a new one.");
  }
}
