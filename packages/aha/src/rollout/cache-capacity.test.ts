/** How many completions are decoded at once. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { cacheCapacity } from "./cache-capacity.ts";

test("the capacity keeps the caches within a gibibyte, and is at least one", () => {
  const small = 2 * 4 * 4 * 16;
  assert.equal(cacheCapacity(small, 2, 256, 10), 10);
  assert.equal(cacheCapacity(small, 2, 256, 1000), 512);
  const large = 2 * 30 * 8 * 128;
  assert.equal(cacheCapacity(large, 2, 1024, 1000), 8); // 2 · 30 · 8 · 128 · 2 · 1024 bytes each
  assert.equal(cacheCapacity(large, 4, 1_000_000, 1000), 1);
});
