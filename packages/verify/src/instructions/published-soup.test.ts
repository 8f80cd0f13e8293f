/** Our checks and tokens against the published code's and NLTK's, on texts of the characters that their rules turn on. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import type { JsonValue } from "../outcome.ts";
import { splitSentences } from "./sentences.ts";
import { treebankWords } from "./treebank-words.ts";
import { verifyInstructions } from "./verify-instructions.ts";

interface FrozenCheck {
  readonly id: string;
  readonly arguments: Readonly<Record<string, JsonValue>>;
  readonly text: string;
  readonly strict: boolean;
  readonly loose: boolean;
}

interface FrozenTokens {
  readonly text: string;
  readonly sentences: readonly string[];
  readonly words: readonly string[];
}

const rows = gunzipSync(readFileSync(new URL("./fixtures/ifeval-soup.jsonl.gz", import.meta.url)))
  .toString("utf8")
  .trimEnd()
  .split("\n")
  .map((line): FrozenCheck | FrozenTokens => JSON.parse(line));
const checks = rows.filter((row) => "id" in row);
const tokens = rows.filter((row) => "words" in row);

test("single checks", () => {
  for (const { strict, loose, text, ...instruction } of checks) {
    const result = verifyInstructions(text, [instruction]);
    const where = `${JSON.stringify(instruction)} on ${JSON.stringify(text)}: ${result.details[0]?.found}`;
    assert.deepEqual([result.strict.all, result.loose.all], [strict, loose], where);
  }
  assert.equal(checks.length, 4500);
  for (const id of new Set(checks.map((check) => check.id))) {
    const verdicts = new Set(checks.filter((check) => check.id === id).map((check) => check.strict));
    assert.equal(verdicts.size, 2, `${id} is both followed and broken`);
  }
});

test("sentences and words", () => {
  for (const { text, sentences, words } of tokens) {
    assert.deepEqual(splitSentences(text), sentences, JSON.stringify(text));
    assert.deepEqual(treebankWords(text), words, JSON.stringify(text));
  }
  assert.equal(tokens.length, 2500);
});
