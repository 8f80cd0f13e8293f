/** Turns by client, the bound, and places given back; and the text of the metrics. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { FairQueue, QueueFullError } from "./fair-queue.ts";
import { Metrics } from "./metrics.ts";

const never = new AbortController().signal;

test("clients take turns, whoever has more waiting", async () => {
  const queue = new FairQueue(1, 10);
  const entered: string[] = [];
  const leave = (await queue.enter("first", never)) ?? assert.fail("refused");
  const runs = ["a1", "a2", "a3", "b1", "c1", "b2"].map(async (name) => {
    const give = await queue.enter(name[0] as string, never);
    entered.push(name);
    await turn();
    give?.();
    give?.(); // twice is once
  });
  assert.deepEqual([queue.running, queue.waiting], [1, 6]);
  leave();
  await Promise.all(runs);
  assert.deepEqual(entered, ["a1", "b1", "c1", "a2", "b2", "a3"]);
  assert.deepEqual([queue.running, queue.waiting], [0, 0]);
});

test("those who leave the queue lose their turn, and nobody else's", async () => {
  const queue = new FairQueue(1, 10);
  const leave = await queue.enter("x", never);
  const gone = new AbortController();
  const [lost, kept] = [queue.enter("a", gone.signal), queue.enter("a", never)];
  gone.abort();
  assert.equal(await lost, null);
  assert.equal(queue.waiting, 1);
  leave?.();
  assert.ok(await kept);
  assert.equal(await queue.enter("b", gone.signal), null);
  assert.equal(queue.running, 1);
});

test("more than may wait are refused, and told when to come again", async () => {
  let now = 0;
  const queue = new FairQueue(2, 3, () => now);
  queue.admit(9); // nobody is there: one request's own sequences may wait
  const places = [await queue.enter("a", never), await queue.enter("a", never)];
  for (let count = 0; count < 3; count++) {
    queue.admit(1);
    void queue.enter("a", never);
  }
  assert.throws(
    () => queue.admit(1),
    (error) => error instanceof QueueFullError && error.retryAfterSeconds >= 1,
  );
  now = 200_000;
  for (const leave of places) leave?.();
  // Two of the waiting run now, one waits: two more may.
  queue.admit(2);
  assert.throws(
    () => queue.admit(3),
    (error) =>
      error instanceof QueueFullError && error.retryAfterSeconds > 10 && error.retryAfterSeconds <= 120,
  );
});

test("metrics are written as Prometheus reads them", () => {
  const metrics = new Metrics();
  metrics.declare("requests_total", "counter", "Requests.");
  metrics.declare("places", "gauge", "Places.");
  metrics.declare("seconds", "histogram", "Time.", [0.1, 1]);
  metrics.add("requests_total", 2, { path: 'a"b\\c\n' });
  metrics.add("requests_total", 1, { path: 'a"b\\c\n' });
  metrics.set("places", 4);
  for (const value of [0.05, 0.1, 0.5, 7]) metrics.observe("seconds", value);
  assert.equal(
    metrics.text(),
    [
      "# HELP requests_total Requests.",
      "# TYPE requests_total counter",
      'requests_total{path="a\\"b\\\\c\\n"} 3',
      "# HELP places Places.",
      "# TYPE places gauge",
      "places 4",
      "# HELP seconds Time.",
      "# TYPE seconds histogram",
      'seconds_bucket{le="0.1"} 2',
      'seconds_bucket{le="1"} 3',
      'seconds_bucket{le="+Inf"} 4',
      "seconds_sum 7.65",
      "seconds_count 4",
      "",
    ].join("\n"),
  );
});
