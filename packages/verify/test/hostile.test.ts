/** Hostile texts against verifyMath: a verdict always comes, never "correct", and the worker stays usable and small. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { after, describe, test } from "node:test";
import { makeMathVerifier } from "../src/pool/verify-math.ts";
import { hostileTexts, tokenSoup } from "./hostile-texts.ts";
import { makeRandom } from "./pairs/random.ts";

const heapMegabytes = 256;
const verifier = makeMathVerifier({ size: 1, heapMegabytes });
const deadlineMilliseconds = 10_000;

after(() => verifier.close());

async function assertUsable(): Promise<void> {
  const { outcome } = await verifier.verify("so it is $\\boxed{\\frac{84}{2}}$", "42");
  assert.equal(outcome, "correct");
}

describe("verifyMath under attack", () => {
  test("no hostile text is credited, none hangs, each is judged on its own merits", async () => {
    const texts = hostileTexts();
    assert.ok(texts.length > 250);
    const verdicts = await verifier.verifyAll(texts, { deadlineMilliseconds });
    const faults = texts.flatMap(({ name, gold }, index) => {
      const verdict = verdicts[index];
      const goldRefused =
        verdict?.outcome === "error" && verdict.expected === null && /gold/.test(verdict.how);
      const judged = verdict?.outcome === "wrong" || verdict?.outcome === "unparsed" || goldRefused;
      return judged
        ? []
        : [`${name} (gold ${gold.slice(0, 30)}): ${verdict?.outcome}, ${verdict?.how.slice(0, 200)}`];
    });
    assert.deepEqual(faults, []);
    await assertUsable();
  });

  test("the gold echoed from the question earns nothing; the same answer given does", async () => {
    const question = "Show why the number of ways to choose the committee is $\\binom{7}{2} \\cdot 2 = 42$.";
    const judge = async (prediction: string) =>
      (await verifier.verify(prediction, "42", { question })).outcome;
    assert.notEqual(await judge(question), "correct");
    assert.notEqual(await judge(`${question}\nI do not know how to show this.`), "correct");
    assert.notEqual(await judge(`The question says: ${question} ${question}`), "correct");
    assert.notEqual(await judge(`${question}\nThe answer is 43.`), "correct");
    assert.equal(await judge(`${question}\nThe answer is \\boxed{42}.`), "correct");
  });

  test("random token soup never crashes, hangs or earns anything", async () => {
    const random = makeRandom(20250122);
    const soups = Array.from({ length: 6_000 }, () => ({
      prediction: tokenSoup(random, random.integer(5, 80)),
      gold: random.next() < 0.5 ? "1729.25" : tokenSoup(random, random.integer(5, 25)),
    }));
    const verdicts = await verifier.verifyAll(soups, { deadlineMilliseconds });
    const faults = soups.flatMap((soup, index) => {
      const verdict = verdicts[index];
      const fine = verdict?.outcome === "wrong" || verdict?.outcome === "unparsed";
      const goldRefused = verdict?.outcome === "error" && verdict.how.startsWith("The gold answer");
      return fine || goldRefused ? [] : [{ ...soup, verdict }];
    });
    assert.deepEqual(faults.slice(0, 5), []);
    await assertUsable();
  });

  test("equal soup on both sides is never an error", async () => {
    const random = makeRandom(7);
    const soups = Array.from({ length: 1_000 }, () => tokenSoup(random, random.integer(2, 12)));
    const pairs = soups.map((soup) => ({ prediction: soup, gold: soup }));
    const verdicts = await verifier.verifyAll(pairs, { deadlineMilliseconds });
    const crashed = verdicts.filter(
      ({ outcome, how }) => outcome === "error" && !how.startsWith("The gold answer"),
    );
    assert.deepEqual(crashed.slice(0, 5), []);
  });

  test("the worker's memory stays bounded after all that", {
    skip: existsSync("/proc/self/status") ? false : "no /proc",
  }, () => {
    const [worker] = verifier.processIds;
    assert.ok(worker !== undefined);
    const status = readFileSync(`/proc/${worker}/status`, "utf8");
    const resident = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
    assert.ok(resident < heapMegabytes + 192, `the worker holds ${resident} MiB`);
  });

  test("a deadline too short for anything is a timeout or a verdict, and harms nothing", async () => {
    const slow = { prediction: "\\boxed{43}", gold: "42" };
    const pairs = [...hostileTexts().slice(0, 10), slow];
    const verdicts = await verifier.verifyAll(pairs, { deadlineMilliseconds: 1 });
    for (const { outcome } of verdicts) assert.ok(outcome !== "correct");
    await assertUsable();
  });
});
