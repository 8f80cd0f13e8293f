/** Comparing what a program returned with what was expected, and decoding it first. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonValue } from "../../outcome.ts";
import type { Checker } from "../test-case.ts";
import { comparisonOf, describeValue, equalValues } from "./compare-values.ts";
import { applyChange, decodeWire, encodeJson, textOf, WireError, type WireValue } from "./wire-value.ts";

const equal = (wire: JsonValue, expected: JsonValue, checker?: Checker, language = "python"): boolean =>
  equalValues(decodeWire(wire), expected, comparisonOf(checker, language));

test("JSON values come back as they went", () => {
  const values: JsonValue[] = [
    null,
    true,
    "a\u0000é",
    0,
    -1.5,
    [],
    [[1], [2, ["x"]]],
    {},
    { a: { b: [1, null] } },
  ];
  for (const value of values) assert.ok(equal(encodeJson(value), value), JSON.stringify(value));
});

test("tuples, sets and ranges equal lists", () => {
  assert.ok(equal(["t", 1, ["t", 2]], [1, [2]]));
  assert.ok(equal(["s", 3, 1, 2], [1, 2, 3]));
  assert.ok(equal(["r", 0, 6, 2], [0, 2, 4]));
  assert.ok(!equal(["l", 3, 1, 2], [1, 2, 3]));
  assert.ok(!equal(["s", 1, 2], [1, 2, 2]));
});

test("any order and tolerance are asked for", () => {
  assert.ok(equal(["l", 3, 1, 2], [1, 2, 3], { kind: "any-order" }));
  assert.ok(!equal(["l", 3, 1, 1], [1, 3, 3], { kind: "any-order" }));
  assert.ok(equal(["l", ["l", 2], ["l", 1]], [[1], [2]], { kind: "any-order" }));
  assert.ok(!equal(["l", ["l", 2, 1]], [[1, 2]], { kind: "any-order" }), "inner lists keep their order");
  assert.ok(equal(["l", 0.1, 0.30000000000000004], [0.3, 0.1], { kind: "any-order", tolerance: 1e-9 }));
  assert.ok(!equal(0.30000000000000004, 0.3));
  assert.ok(equal(0.30000000000000004, 0.3, { kind: "value", tolerance: 1e-9 }));
  assert.ok(!equal(["f", "nan"], 0.3, { kind: "value", tolerance: 1e9 }));
  assert.ok(!equal(["f", "inf"], 0.3, { kind: "value", tolerance: 1e9 }));
});

test("True is 1 in Python alone, and never a text", () => {
  assert.ok(equal(true, 1));
  assert.ok(!equal(true, 1, undefined, "javascript"));
  assert.ok(!equal("1", 1));
  assert.ok(!equal(null, false));
  assert.ok(!equal(["l"], ""));
});

test("dictionaries need the same keys, once", () => {
  assert.ok(equal(["d", 1, "a", "b", 2], { "1": "a", b: 2 }));
  assert.ok(!equal(["d", "a", 1], { a: 1, b: 2 }));
  assert.ok(!equal(["d", "a", 1, "c", 2], { a: 1, b: 2 }));
  assert.ok(!equal(["d", 1, "a", "1", "a"], { "1": "a", b: 1 }));
  assert.ok(!equal(["d", "__proto__", 1], { a: 1 }));
});

test("an opaque value equals nothing", () => {
  for (const wire of [
    ["h", 0, "object", "Same"],
    ["b", "AA=="],
    ["c", 1, 0],
    ["D", "1"],
  ])
    for (const expected of [1, "1", null, [], {}, true] as JsonValue[]) assert.ok(!equal(wire, expected));
});

test("values that contain themselves end", () => {
  const containers: WireValue[] = [];
  const value = decodeWire(["l", 1, ["m", 0]], containers);
  assert.ok(!equalValues(value, [1, [1, [1]]], comparisonOf(undefined, "python")));
  assert.ok(describeValue(value).length < 1000);
  assert.throws(() => textOf(value), WireError);
});

test("shared values of exponential size end", () => {
  let wire: JsonValue = ["l", 1];
  // Each level holds the next and a reference to it.
  for (let level = 60; level > 0; level--) wire = ["l", wire, ["m", level]];
  const value = decodeWire(wire);
  assert.ok(!equalValues(value, [[1], [1]], comparisonOf({ kind: "any-order" }, "python")));
  assert.ok(describeValue(value).length < 5000);
  assert.throws(() => textOf(value), WireError);
});

test("what is no value is refused", () => {
  let deep: JsonValue = 1;
  for (let level = 0; level < 1000; level++) deep = ["l", deep];
  for (const wire of [{}, deep, ["m", 5], ["i", "12x"], ["i", 5]])
    assert.throws(() => decodeWire(wire), WireError);
});

test("large integers keep their digits until they are compared", () => {
  assert.ok(equal(["i", "0x20000000000000"], 9007199254740992));
  assert.ok(!equal(["i", "-0x20000000000000"], 9007199254740992));
  assert.equal(describeValue(decodeWire(["i", "0x20000000000001"])), "9007199254740993");
});

test("a changed argument is what the value refers to", () => {
  const containers: WireValue[] = [];
  decodeWire(encodeJson([1, [2]]), containers);
  applyChange([0, ["l", 7, ["m", 1]]], containers);
  assert.ok(equalValues(decodeWire(["m", 0], containers), [7, [2]], comparisonOf(undefined, "python")));
  for (const change of [[5, ["l"]], [0, ["d"]], [0, 1], null])
    assert.throws(() => applyChange(change, containers), WireError);
});
