/** Seeds: the same parts give the same seed, and every part matters. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { deriveSeed, randomStream, shuffled } from "./seeds.ts";

test("a seed depends on each part and on their order, and on nothing else", () => {
  assert.equal(deriveSeed(1, 2, "q", 3), deriveSeed(1, 2, "q", 3));
  const seeds = new Set<bigint>();
  for (let run = 0; run < 4; run++) {
    for (let step = 0; step < 10; step++) {
      for (const question of ["a", "b", "ab", ""]) {
        for (let sample = 0; sample < 16; sample++) seeds.add(deriveSeed(run, step, question, sample));
      }
    }
  }
  assert.equal(seeds.size, 4 * 10 * 4 * 16);
  assert.notEqual(deriveSeed(1, 2), deriveSeed(2, 1));
  assert.notEqual(deriveSeed("ab", "c"), deriveSeed("a", "bc"));
  for (const seed of seeds) assert.equal(BigInt.asIntN(64, seed), seed, "fits int64");
});

test("a frozen seed: checkpoints of earlier versions must resume the same", () => {
  assert.equal(deriveSeed(1, 2, "countdown:1-2-3=6", 4), 2_148_403_466_235_126_678n);
});

test("the stream is uniform on [0, 1): its mean, its variance, and its tenths", () => {
  const random = randomStream(deriveSeed("stream"));
  const draws = Array.from({ length: 20_000 }, random);
  assert.ok(draws.every((value) => value >= 0 && value < 1));
  const mean = draws.reduce((sum, value) => sum + value, 0) / draws.length;
  assert.ok(Math.abs(mean - 0.5) < 5 * Math.sqrt(1 / 12 / draws.length));
  const tenths = new Array<number>(10).fill(0);
  for (const value of draws) tenths[Math.floor(value * 10)] = (tenths[Math.floor(value * 10)] as number) + 1;
  const chiSquare = tenths.reduce((sum, count) => sum + (count - 2000) ** 2 / 2000, 0);
  assert.ok(chiSquare < 27.9, `χ² ${chiSquare} with 9 degrees of freedom`); // one in a thousand
});

test("shuffling keeps the items, leaves the original alone, and favours no place", () => {
  const items = ["a", "b", "c", "d"];
  const firsts = new Map<string, number>();
  for (let seed = 0; seed < 4000; seed++) {
    const result = shuffled(items, deriveSeed(seed));
    assert.deepEqual([...result].sort(), items);
    firsts.set(result[0] as string, (firsts.get(result[0] as string) ?? 0) + 1);
  }
  assert.deepEqual(items, ["a", "b", "c", "d"]);
  for (const count of firsts.values()) assert.ok(Math.abs(count - 1000) < 5 * Math.sqrt(750), `${count}`);
  assert.deepEqual(shuffled(items, 5n), shuffled(items, 5n));
});
