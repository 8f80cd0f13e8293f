/** Edit distance and the nearest key. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { editDistance, nearestKey } from "./nearest-key.ts";

test("edit distance counts insertions, deletions, substitutions and swaps", () => {
  assert.equal(editDistance("", "abc"), 3);
  assert.equal(editDistance("kitten", "sitting"), 3);
  assert.equal(editDistance("sede", "seed"), 1);
  assert.equal(editDistance("same", "same"), 0);
});

test("the nearest key ignores case and separators, and is not far-fetched", () => {
  const keys = ["learningRate", "groupSize", "topP"];
  assert.equal(nearestKey("learning-rate", keys), "learningRate");
  assert.equal(nearestKey("gruopSize", keys), "groupSize");
  assert.equal(nearestKey("banana", keys), undefined);
});
