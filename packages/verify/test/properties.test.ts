/** Rewriting an answer equivalently keeps it correct, changing its value makes it wrong: thousands of each. */
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { makeMathVerifier } from "../src/pool/verify-math.ts";
import { makePairs } from "./pairs/make-pairs.ts";
import { type Pair, skipWithout } from "./pairs/pair.ts";

const seeds = [1, 2025];
const verifier = makeMathVerifier();

after(() => verifier.close());

async function findFaults(pairs: readonly Pair[]): Promise<string[]> {
  const verdicts = await verifier.verifyAll(pairs);
  return pairs.flatMap(({ rule, gold, prediction, truth }, index) => {
    const verdict = verdicts[index];
    if ((verdict?.outcome === "correct") === truth) return [];
    return [
      `${truth ? "right" : "WRONG"} [${rule}] ${gold} ← ${prediction}: ${verdict?.outcome}, ${verdict?.how}`,
    ];
  });
}

/** The faults' number and the first of them, so that a failure can be read. */
function assertNone(faults: readonly string[]): void {
  assert.equal(faults.length, 0, `${faults.length} faults:\n${faults.slice(0, 20).join("\n")}`);
}

describe("properties of verifyMath", () => {
  for (const seed of seeds) {
    const pairs = makePairs(seed);
    test(`constructed answers, seed ${seed}`, async () => {
      const constructed = pairs.filter(({ suite }) => suite === "constructed");
      assert.ok(constructed.length > 4_000);
      assertNone(await findFaults(constructed));
    });

    if (seed !== seeds[0]) continue;
    const skip = skipWithout("math500", "math", "aime", "gsm8k");
    test(`golds of MATH-500, MATH train, AIME and GSM8K, seed ${seed}`, { skip }, async () => {
      const rest = pairs.filter(({ suite }) => suite !== "constructed");
      assert.ok(rest.filter(({ truth }) => truth).length > 3_000);
      assert.ok(rest.filter(({ truth }) => !truth).length > 3_000);
      assertNone(await findFaults(rest));
    });
  }
});
