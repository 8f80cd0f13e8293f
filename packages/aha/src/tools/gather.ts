/** Gathers what a source yields into batches, without making a source that pauses wait for its answers. */

export interface GatherOptions<Item> {
  readonly size: (item: Item) => number;
  /** A batch is closed before the sizes of its items add up to more; a larger item stands alone. */
  readonly limit: number;
  /** A batch is closed too when the source yields nothing for so long. */
  readonly pauseMilliseconds: number;
}

/** Batches of consecutive items, none empty, in order. Errors of the source come after the items before them. */
export async function* gather<Item>(
  source: AsyncIterable<Item>,
  { size, limit, pauseMilliseconds }: GatherOptions<Item>,
): AsyncGenerator<Item[], void> {
  const iterator = source[Symbol.asyncIterator]();
  let batch: Item[] = [];
  let total = 0;
  try {
    for (;;) {
      const next = settled(iterator.next());
      if (batch.length > 0 && !(await isSoon(next, pauseMilliseconds))) {
        yield batch;
        batch = [];
        total = 0;
      }
      const result = await next;
      if ("error" in result) {
        if (batch.length > 0) yield batch;
        throw result.error;
      }
      if (result.value.done === true) break;
      const item = result.value.value;
      if (batch.length > 0 && total + size(item) > limit) {
        yield batch;
        batch = [];
        total = 0;
      }
      batch.push(item);
      total += size(item);
    }
    if (batch.length > 0) yield batch;
  } finally {
    await iterator.return?.();
  }
}

/** A promise that never rejects, so that one that is still awaited elsewhere is never called unhandled. */
function settled<Value>(
  promise: Promise<Value>,
): Promise<{ readonly value: Value } | { readonly error: unknown }> {
  return promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
}

async function isSoon(promise: Promise<unknown>, milliseconds: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), milliseconds);
  });
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
