/** verifyMath's promises: every outcome there is, options that arrive, and order kept for many pairs. */
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { makeMathVerifier, sharedMathVerifier, verifyMath, verifyMathAll } from "./verify-math.ts";

const stuck = makeMathVerifier({
  size: 1,
  module: new URL("./testing/stuck-judge-task.ts", import.meta.url),
});

after(() => Promise.all([stuck.close(), sharedMathVerifier().close()]));

describe("verifyMath", () => {
  test("correct, wrong, unparsed, and an error for a gold that cannot be read", async () => {
    const outcomes = await Promise.all([
      verifyMath("Thus the answer is $\\boxed{\\frac{1}{2}}$.", "0.5"),
      verifyMath("Thus the answer is $\\boxed{\\frac{1}{3}}$.", "0.5"),
      verifyMath("", "0.5"),
      verifyMath("0.5", ""),
    ]);
    assert.deepEqual(
      outcomes.map(({ outcome }) => outcome),
      ["correct", "wrong", "unparsed", "error"],
    );
    assert.match(outcomes[3]?.how ?? "", /gold/);
  });

  test("many pairs, in their order, with each verdict told once as it comes", async () => {
    const pairs = Array.from({ length: 300 }, (_, index) => ({
      prediction: `\\boxed{${index}}`,
      gold: String(index % 3 === 0 ? index : index + 1),
    }));
    const verdicts = await verifyMathAll(pairs);
    assert.deepEqual(
      verdicts.map(({ outcome }) => outcome === "correct"),
      pairs.map((_, index) => index % 3 === 0),
    );
    const told = new Set<number>();
    await sharedMathVerifier().verifyAll(pairs, {}, ({ predicted }, index) => {
      assert.equal(predicted, String(index));
      told.add(index);
    });
    assert.equal(told.size, pairs.length);
  });

  test("a judge that hangs is a timeout, one that dies an error; the pairs beside them are judged", async () => {
    const pairs = ["a", "loop", "b", "exit", "c"].map((prediction) => ({ prediction, gold: "1" }));
    const verdicts = await stuck.verifyAll(pairs, { deadlineMilliseconds: 500, units: "kept" });
    const [, timeout, , error] = verdicts;
    assert.deepEqual(
      verdicts.map(({ outcome }) => outcome),
      ["wrong", "timeout", "wrong", "error", "wrong"],
    );
    assert.deepEqual(timeout, {
      outcome: "timeout",
      predicted: null,
      expected: null,
      how: "not judged within 500 ms",
    });
    assert.match(error?.how ?? "", /exited with code 9/);
    assert.equal(verdicts[0]?.how, '{"units":"kept"}');
  });

  test("a closed verifier refuses", async () => {
    const verifier = makeMathVerifier({ size: 1 });
    await verifier.close();
    await assert.rejects(verifier.verify("1", "1"), { name: "PoolClosedError" });
  });
});
