/** The queue: never more at once than allowed, in order, and bounded. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Queue, QueueFullError } from "./queue.ts";

test("no more run at once than allowed, each in its turn, failures included", async () => {
  const queue = new Queue(2);
  let running = 0;
  let most = 0;
  const order: number[] = [];
  const jobs = Array.from({ length: 9 }, (_, n) =>
    queue.run(async () => {
      most = Math.max(most, ++running);
      order.push(n);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
      if (n % 3 === 0) throw new Error(String(n));
      return n;
    }),
  );
  const results = await Promise.allSettled(jobs);
  assert.equal(most, 2);
  assert.deepEqual(order, [0, 1, 2, 3, 4, 5, 6, 7, 8]);
  assert.deepEqual(
    results.map((result) => result.status === "fulfilled"),
    [false, true, true, false, true, true, false, true, true],
  );
  assert.equal(await queue.run(async () => "still serves"), "still serves");
});

test("a full queue refuses", async () => {
  const queue = new Queue(1, 1);
  let release = (): void => {};
  const first = queue.run(() => new Promise<void>((resolve) => (release = resolve)));
  const second = queue.run(async () => "second");
  await assert.rejects(
    queue.run(async () => "third"),
    QueueFullError,
  );
  release();
  await first;
  assert.equal(await second, "second");
  assert.throws(() => new Queue(0), RangeError);
});
