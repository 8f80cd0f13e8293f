/** Works on several items of a stream at once, and gives the results in the order of the items. */

/**
 * At most `concurrency` items are taken and not yet given back, so memory is bounded however long the source is. An
 * error of the source or of the work comes after the results before it.
 */
export async function* mapInOrder<Item, Result>(
  source: AsyncIterable<Item>,
  concurrency: number,
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  const iterator = source[Symbol.asyncIterator]();
  const underway: Promise<Settled<Result>>[] = [];
  // The source is asked while results are awaited, so that a slow one never holds finished results back.
  const state: { asking: Promise<void> | null; ended: boolean; failure: { readonly error: unknown } | null } =
    {
      asking: null,
      ended: false,
      failure: null,
    };
  const ask = async (): Promise<void> => {
    try {
      const { done, value } = await iterator.next();
      if (done === true) state.ended = true;
      else underway.push(settled(work(value)));
    } catch (error) {
      state.failure = { error };
      state.ended = true;
    } finally {
      state.asking = null;
    }
  };
  try {
    for (;;) {
      if (!state.ended && underway.length < concurrency) state.asking ??= ask();
      const [first] = underway;
      if (first === undefined) {
        if (state.asking === null) break;
        await state.asking;
        continue;
      }
      if (state.asking !== null && (await Promise.race([first, state.asking])) === undefined) continue;
      const outcome = await first;
      underway.shift();
      if ("error" in outcome) throw outcome.error;
      yield outcome.result;
    }
    if (state.failure !== null) throw state.failure.error;
  } finally {
    await iterator.return?.();
  }
}

type Settled<Result> = { readonly result: Result } | { readonly error: unknown };

/** A promise that never rejects, so that one that is awaited later is never called unhandled. */
function settled<Result>(promise: Promise<Result>): Promise<Settled<Result>> {
  return promise.then(
    (result) => ({ result }),
    (error: unknown) => ({ error }),
  );
}
