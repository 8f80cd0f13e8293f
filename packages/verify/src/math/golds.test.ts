/** Golds of MATH, MATH-500, AIME and GSM8K: each can be read, equals itself, and is found in its own solution. */

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { compareAnswers } from "./compare-answers.ts";
import { judgeMath } from "./judge-math.ts";
import { resolveOptions } from "./options.ts";
import { parseGold } from "./parse-gold.ts";

const DATA = fileURLToPath(new URL("../../../../../shared/data/", import.meta.url));
const skip = existsSync(DATA) ? false : `no data at ${DATA}`;

const readLines = <Row>(path: string): Row[] =>
  readFileSync(DATA + path, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Row);

interface Problem {
  readonly answer: string | null;
  readonly solution: string;
}

/** Responses of several solutions in one text, or of none: what is found there is not the gold. */
const AIME_EXCEPTIONS = 4;

describe("golds of real data", { skip }, () => {
  it("are read and equal themselves after reading", () => {
    const train = JSON.parse(readFileSync(`${DATA}math/train.json`, "utf8")) as Problem[];
    const golds = new Set([...train, ...readLines<Problem>("math500/test.jsonl")].map((row) => row.answer));
    const failed: string[] = [];
    for (const gold of golds) {
      // Three rows of the training file have no answer at all.
      if (gold === null || gold === "") continue;
      const { answer } = parseGold(gold);
      if (answer === null || !compareAnswers(answer, answer, resolveOptions()).equal) failed.push(gold);
    }
    assert.deepEqual(failed, []);
    assert.ok(golds.size > 3_000);
  });

  it("are found in MATH-500's solutions", () => {
    const rows = readLines<Problem>("math500/test.jsonl");
    const failed = rows.filter((row) => judgeMath(row.solution, row.answer ?? "").outcome !== "correct");
    assert.deepEqual(failed, []);
  });

  it("are found in GSM8K's solutions, as golds and as predictions", () => {
    const rows = readLines<{ answer: string }>("gsm8k/test.jsonl");
    const failed = rows.filter((row) => {
      const gold = row.answer.split("####")[1] ?? "";
      return [judgeMath(row.answer, gold), judgeMath(gold, row.answer)].some(
        ({ outcome }) => outcome !== "correct",
      );
    });
    assert.deepEqual(failed, []);
  });

  it("are found in AIME's solutions but for texts that hold several or none", () => {
    const rows = JSON.parse(readFileSync(`${DATA}aime/aime_1983_2023_rllm.json`, "utf8")) as Problem[];
    const failed = rows.filter((row) => judgeMath(row.solution, row.answer ?? "").outcome !== "correct");
    assert.ok(failed.length <= AIME_EXCEPTIONS, `${failed.length} of ${rows.length}`);
  });
});
