/** Asserts that numbers are frozen ones within a tolerance, relative above 1. */
import assert from "node:assert/strict";

export function closeTo(
  actual: Iterable<number>,
  expected: readonly number[],
  tolerance: number,
  what: string,
): void {
  const values = [...actual];
  assert.equal(values.length, expected.length, `${what}: length`);
  values.forEach((value, index) => {
    const wanted = expected[index] as number;
    const bound = tolerance * Math.max(1, Math.abs(wanted));
    assert.ok(Math.abs(value - wanted) <= bound, `${what}[${index}]: ${value}, expected ${wanted}`);
  });
}
