/** Decontamination against a plain search over strings, on copies in disguise, and on real training and test sets. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { ContaminationIndex } from "./contamination-index.ts";
import { findContamination } from "./find-contamination.ts";
import { normaliseWords } from "./normalise-words.ts";

function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

test("case, spaces, punctuation, signs and compatibility forms make no difference", () => {
  const plain = normaliseWords("Don't pay $1,000 for x + y² (or 3.5%)!");
  assert.deepEqual(plain, ["dont", "pay", "1000", "for", "x", "y2", "or", "3", "5"]);
  assert.deepEqual(normaliseWords("DON’T  pay 1000\nfor x+y2 – or ３.５ %"), plain);
  assert.deepEqual(normaliseWords(" … "), []);
});

test("scripts without spaces are cut into words, and stand apart from letters and digits", () => {
  assert.deepEqual(normaliseWords("小明有5个苹果,他吃了apple。").slice(0, 3), ["小明", "有", "5"]);
  assert.ok(normaliseWords("私はリンゴを食べました").length < "私はリンゴを食べました".length);
  assert.deepEqual(normaliseWords("เขาไปตลาด"), ["เขา", "ไป", "ตลาด"]);
});

test("the same samples as a plain search over strings finds", () => {
  const random = generator(7);
  const text = () =>
    Array.from({ length: 3 + Math.floor(random() * 20) }, () => "abcd"[Math.floor(random() * 4)]).join(" ");
  for (let round = 0; round < 60; round++) {
    const n = 2 + Math.floor(random() * 5);
    const training = Array.from({ length: 12 }, (_, index) => ({ id: `t${index}`, text: text() }));
    const evaluation = Array.from({ length: 12 }, (_, index) => ({
      id: `e${index}`,
      set: "s",
      text: text(),
    }));
    const grams = (source: string) => {
      const words = source.split(" ");
      return words.slice(n - 1).map((_, start) => words.slice(start, start + n).join(" "));
    };
    const expected = training.flatMap((sample) => {
      const own = new Set(grams(sample.text));
      const same = evaluation.filter(({ text: other }) =>
        grams(other).length === 0 ? other === sample.text : grams(other).some((gram) => own.has(gram)),
      );
      return same.length === 0
        ? []
        : [
            `${sample.id}: ${same
              .map(({ id }) => id)
              .sort()
              .join(" ")}`,
          ];
    });
    const { contaminated } = findContamination(training, evaluation, { n });
    const found = contaminated.map(
      ({ id, matches }) =>
        `${id}: ${matches
          .map((match) => match.id)
          .sort()
          .join(" ")}`,
    );
    assert.deepEqual(found, expected);
  }
});

test("the report names set, item and words, and reads the training side one sample at a time", () => {
  let alive = 0;
  function* training() {
    for (const text of [
      "nothing here",
      "",
      "So: ONE two, three (four) five? six",
      "one two three six four five",
    ]) {
      alive++;
      yield { id: `sample ${alive}`, text };
    }
  }
  const evaluation = [
    { id: "1", set: "first", text: "zero one two three four" },
    { id: "2", set: "second", text: "two three four five" },
    { id: "3", set: "second", text: "Nothing, here." },
    { id: "4", set: "second", text: "" },
  ];
  assert.deepEqual(findContamination(training(), evaluation, { n: 4 }), {
    n: 4,
    samples: 4,
    contaminated: [
      { id: "sample 1", matches: [{ set: "second", id: "3", kind: "whole-text", shared: "nothing here" }] },
      {
        id: "sample 3",
        matches: [
          { set: "first", id: "1", kind: "n-gram", shared: "one two three four" },
          { set: "second", id: "2", kind: "n-gram", shared: "two three four five" },
        ],
      },
    ],
    bySet: { first: 1, second: 2 },
    shortItems: 2,
  });
  assert.throws(() => new ContaminationIndex([], 0), /whole number of at least 1, but is 0/);
});

test("boilerplate of many items, repeated without end, gives a short list in little time", {
  timeout: 120_000,
}, () => {
  const boilerplate = "a b c d e f g h i j";
  const evaluation = Array.from({ length: 20_000 }, (_, id) => ({
    id: String(id),
    set: "s",
    text: `${boilerplate} ${id}`,
  }));
  const matches = new ContaminationIndex(evaluation).matches(`${boilerplate} `.repeat(20_000));
  assert.equal(matches.length, 16);
});

const data = new URL("../../../../../shared/data/", import.meta.url);
const skip = !existsSync(data) && `no ${data.pathname}`;
const lines = (path: string) =>
  readFileSync(new URL(path, data), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
const item = (row: { question?: string; problem?: string }, index: number) => ({
  id: String(index),
  set: "test",
  text: row.question ?? row.problem ?? "",
});

test("GSM8K: 11 training questions are variations of a test question", { skip }, () => {
  const report = findContamination(lines("gsm8k/train.jsonl").map(item), lines("gsm8k/test.jsonl").map(item));
  assert.deepEqual([report.samples, report.contaminated.length, report.shortItems], [7473, 11, 0]);
  assert.equal(
    report.contaminated[0]?.matches[0]?.shared,
    "bought stamps at the post office some of the stamps",
  );
});

test("MATH: 351 training problems share ten words with MATH-500, mostly turns of phrase", { skip }, () => {
  const training = JSON.parse(readFileSync(new URL("math/train.json", data), "utf8"));
  const report = findContamination(training.map(item), lines("math500/test.jsonl").map(item));
  assert.deepEqual([report.samples, report.contaminated.length, report.shortItems], [7474, 351, 31]);
});

test("every MATH-500 problem in disguise is found", { skip }, () => {
  const evaluation = lines("math500/test.jsonl").map(item);
  const disguised = evaluation.map(({ id, text }) => {
    const copy = text
      .toUpperCase()
      .replace(/\s+/g, "  ")
      .replace(/([+=,])/g, " $1 ");
    return { id, text: normaliseWords(text).length < 10 ? copy : `Here is a problem. ${copy} Solve it!` };
  });
  const { contaminated } = findContamination(disguised, evaluation);
  assert.equal(contaminated.length, 500);
  assert.ok(contaminated.every(({ id, matches }) => matches.some((match) => match.id === id)));
});
