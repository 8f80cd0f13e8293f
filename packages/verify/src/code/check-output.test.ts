/** Comparing printed text: what each checker accepts and refuses. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { describeDifference, outputMatches, type TextChecker } from "./check-output.ts";

const accepts = (actual: string, expected: string, checker: TextChecker): void =>
  assert.equal(outputMatches(actual, expected, checker), true, `${actual} / ${expected}`);
const refuses = (actual: string, expected: string, checker: TextChecker): void =>
  assert.equal(outputMatches(actual, expected, checker), false, `${actual} / ${expected}`);

test("lines: white space at the ends does not count, elsewhere it does", () => {
  accepts("1 2 \r\n3\n\n", "1 2\n3", { kind: "lines" });
  refuses("1  2\n3", "1 2\n3", { kind: "lines" });
  refuses(" 1 2\n3", "1 2\n3", { kind: "lines" });
  refuses("1 2 3", "1 2\n3", { kind: "lines" });
  refuses("", "0", { kind: "lines" });
});

test("tokens: white space does not count, numbers may differ by the tolerance", () => {
  accepts("1\n2  3", "1 2 3", { kind: "tokens" });
  refuses("1.0", "1", { kind: "tokens" });
  accepts("1.0000001 yes", "1 yes", { kind: "tokens", tolerance: 1e-6 });
  accepts("1e6", "1000000.5", { kind: "tokens", tolerance: 1e-6 });
  accepts(".5 -1. +2", "0.5 -1 2.0", { kind: "tokens", tolerance: 1e-9 });
  refuses("1.1", "1", { kind: "tokens", tolerance: 1e-6 });
  refuses("NO", "YES", { kind: "tokens", tolerance: 1e-6 });
  refuses("1 2", "1 2 3", { kind: "tokens", tolerance: 1e-6 });
});

test("tokens: a tolerance does not blur integers, and not-a-number equals nothing", () => {
  refuses("1000000000", "1000000001", { kind: "tokens", tolerance: 1e-6 });
  accepts("007", "7", { kind: "tokens", tolerance: 1e-6 });
  refuses("nan", "1", { kind: "tokens", tolerance: 1e-6 });
  refuses("inf", "1e300", { kind: "tokens", tolerance: 1e-6 });
  refuses("1e999", "1.5", { kind: "tokens", tolerance: 1e-6 });
  refuses("0x1", "1.0", { kind: "tokens", tolerance: 1e-6 });
});

test("any order: the same lines as often", () => {
  accepts("b\na\nb", "a\nb\nb", { kind: "any-order" });
  refuses("b\na\na", "a\nb\nb", { kind: "any-order" });
  accepts("2.0000001 x\n1", "1\n2 x", { kind: "any-order", tolerance: 1e-6 });
  refuses("2.1 x\n1", "1\n2 x", { kind: "any-order", tolerance: 1e-6 });
});

test("hostile output costs time in proportion to its size", () => {
  const long = "1".repeat(4_000_000);
  refuses(`${long}x`, "1", { kind: "tokens", tolerance: 1e-6 });
  refuses(long, `${long.slice(1)}2`, { kind: "tokens", tolerance: 1e-6 });
  refuses(" ".repeat(4_000_000), "1", { kind: "lines" });
  refuses(`${" \n".repeat(2_000_000)}x`, "1", { kind: "lines" });
  refuses("1.5\n".repeat(100_000), "1.25\n".repeat(100_000), { kind: "any-order", tolerance: 1e-6 });
});

test("a difference is told by its line", () => {
  assert.equal(describeDifference("1\n3", "1\n2"), 'line 2: expected "2", got "3"');
  assert.equal(describeDifference("1", "1\n2"), 'line 2: expected "2", got nothing');
  assert.equal(describeDifference("1\n2", "1"), 'line 2: expected nothing, got "2"');
});
