/** Tests of the reflective-word count. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { countReflectiveWords, reflectiveWords } from "./reflection.ts";

test("counts whole words in any case", () => {
  const counts = countReflectiveWords(
    "Wait, wait: WAIT! waiter await wait_ wait2 — but the butter (check) re-check; However.",
  );
  assert.equal(counts.wait, 3);
  assert.equal(counts.but, 1);
  assert.equal(counts.check, 2);
  assert.equal(counts.however, 1);
  assert.equal(counts.mistake, 0);
});

test("has every word of the list, at zero for an empty completion", () => {
  assert.deepEqual(Object.keys(countReflectiveWords("")), [...reflectiveWords]);
  assert.ok(Object.values(countReflectiveWords("")).every((count) => count === 0));
});
