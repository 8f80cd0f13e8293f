/** Streams of rows: lines in bounded memory, work in order, and rows that cannot be judged. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { judgeRows, RowError } from "./judge-rows.ts";
import { mapInOrder } from "./map-in-order.ts";
import { readLines } from "./read-lines.ts";

async function* chunksOf(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
}

async function* yieldAll<Item>(items: Iterable<Item>): AsyncGenerator<Item> {
  yield* items;
}

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

test("lines are the same however the bytes arrive; a character is never cut in two", async () => {
  const text = "é1\r\n\n漢字 \u2028 same line\nlast";
  for (const size of [1, 2, 3, 7, 100]) {
    const lines = await collect(readLines(chunksOf(text, size)));
    assert.deepEqual(
      lines.map((line) => line.text),
      ["é1", "", "漢字 \u2028 same line", "last"],
    );
    assert.deepEqual(
      lines.map((line) => line.line),
      [1, 2, 3, 4],
    );
    assert.equal(lines.at(-1)?.end, Buffer.byteLength(text));
  }
  assert.deepEqual(await collect(readLines(chunksOf("", 1))), []);
});

test("a line that is too long is cut, marked, and the next is whole", async () => {
  const lines = await collect(readLines(chunksOf(`ab\n${"x".repeat(50)}\ncd`, 8), 10));
  assert.deepEqual(
    lines.map(({ text, cut }) => [text, cut]),
    [
      ["ab", false],
      ["x".repeat(10), true],
      ["cd", false],
    ],
  );
});

test("results come in the order of the items, and no more items are taken than may be underway", async () => {
  let underway = 0;
  let most = 0;
  let taken = 0;
  async function* source(): AsyncGenerator<number> {
    for (; taken < 30; taken++) yield taken;
  }
  const results = mapInOrder(source(), 4, async (item) => {
    underway += 1;
    most = Math.max(most, underway);
    for (let turns = 0; turns < (item * 7) % 5; turns++) await turn();
    underway -= 1;
    return item;
  });
  const seen: number[] = [];
  for await (const result of results) {
    seen.push(result);
    assert.ok(taken - result <= 5, `${taken} were taken when ${result} was given back`);
    await turn();
  }
  assert.deepEqual(
    seen,
    Array.from({ length: 30 }, (_, index) => index),
  );
  assert.equal(most, 4);
});

test("a slow source holds no finished result back", async () => {
  let release = (): void => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  async function* source(): AsyncGenerator<number> {
    yield 1;
    await held;
    yield 2;
  }
  const results = mapInOrder(source(), 8, async (item) => item)[Symbol.asyncIterator]();
  assert.equal((await results.next()).value, 1);
  release();
  assert.equal((await results.next()).value, 2);
  assert.equal((await results.next()).done, true);
});

test("errors come after the results before them; giving up closes the source", async () => {
  const given: number[] = [];
  const failing = mapInOrder(yieldAll([1, 2, 3]), 3, async (item) => {
    if (item === 2) throw new Error("broken");
    return item;
  });
  await assert.rejects(async () => {
    for await (const item of failing) given.push(item);
  }, /broken/);
  assert.deepEqual(given, [1]);
  let closed = false;
  async function* endless(): AsyncGenerator<number> {
    try {
      for (let item = 0; ; item++) yield item;
    } finally {
      closed = true;
    }
  }
  for await (const item of mapInOrder(endless(), 2, async (one) => one)) if (item > 5) break;
  assert.equal(closed, true);
});

test("every row comes out once, in order; one that cannot be judged says why", async () => {
  const text = '{"n":1}\n\n{oops\n[1]\n{"n":2}\n{"n":-1}\n{"n":-2}';
  const rows = await collect(
    judgeRows(chunksOf(text, 9), {
      source: "in.jsonl",
      concurrency: 3,
      judge: async ({ n }) => {
        if (n === -1) throw new RowError("no negative numbers");
        if (n === -2) throw new TypeError("a fault of the judge");
        for (let turns = n === 1 ? 5 : 0; turns > 0; turns--) await turn();
        return { outcome: "correct", twice: Number(n) * 2 };
      },
    }),
  );
  assert.deepEqual(
    rows.map(({ row, problem }) => problem ?? row),
    [
      { n: 1, outcome: "correct", twice: 2 },
      rows[1]?.problem,
      "in.jsonl:4: expected a JSON object, got [1]",
      { n: 2, outcome: "correct", twice: 4 },
      "in.jsonl:6: no negative numbers",
      "in.jsonl:7: a fault of the judge",
    ],
  );
  assert.match(rows[1]?.problem ?? "", /^in\.jsonl:3: expected JSON, got \{oops/);
  assert.deepEqual(rows[4]?.row, { n: -1, outcome: "error", problem: "in.jsonl:6: no negative numbers" });
  assert.equal(rows.at(-1)?.end, Buffer.byteLength(text));
});
