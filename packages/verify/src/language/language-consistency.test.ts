/** Tests of language consistency: what counts as a word, whose word it is, and the ratio on mixes of known shares. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  languageDataMissing,
  languageMixes,
  type MixKind,
  readLanguageLines,
} from "../../test/helpers/language-mixes.ts";
import { UnknownLanguageError } from "./language-code.ts";
import { countLanguages, languageConsistency, loadWordEvidence } from "./language-consistency.ts";

const counts = async (text: string, target = "en") => (await languageConsistency(text, target)).byLanguage;

test("counts the target's words over all words", async () => {
  assert.deepEqual(await languageConsistency("We need the sum. 我们需要计算。", "en"), {
    ratio: 4 / 7,
    targetWords: 4,
    words: 7,
    byLanguage: { en: 4, zh: 3 },
  });
  assert.deepEqual(await languageConsistency("12 + 30 = 42", "en"), {
    ratio: 0,
    targetWords: 0,
    words: 0,
    byLanguage: {},
  });
  assert.equal((await languageConsistency("", "zh")).ratio, 0);
});

test("tells languages by script, and by words where they share one", async () => {
  for (const [text, language] of [
    ["Let us first find the sum of both numbers.", "en"],
    ["Wir müssen zuerst die Summe der beiden Zahlen finden.", "de"],
    ["Nous devons d’abord trouver la somme des deux nombres.", "fr"],
    ["Primero tenemos que encontrar la suma de los dos números.", "es"],
    ["Dobbiamo prima trovare la somma dei due numeri.", "it"],
    ["Primeiro temos de encontrar a soma dos dois números.", "pt"],
    ["Önce iki sayının toplamını bulmamız gerekiyor.", "tr"],
    ["Najpierw musimy znaleźć sumę obu liczb.", "pl"],
    ["Сначала нужно найти сумму обоих чисел.", "ru"],
    ["Спочатку нам потрібно знайти суму обох чисел.", "uk"],
    ["まず、二つの数の和を求めましょう。", "ja"],
    ["首先，我们需要求出两个数的和。", "zh"],
    ["首先，我們需要求出兩個數的和。", "zh"],
    ["먼저 두 수의 합을 구해야 합니다.", "ko"],
    ["Πρώτα πρέπει να βρούμε το άθροισμα.", "el"],
    ["पहले हमें दोनों संख्याओं का योग निकालना होगा।", "hi"],
    ["يجب أولاً إيجاد مجموع العددين.", "ar"],
  ] as const) {
    for (const target of ["en", "zh", language]) {
      const found = await counts(text, target);
      assert.deepEqual(Object.keys(found), [language], `${text} for ${target}: ${JSON.stringify(found)}`);
    }
  }
});

test("kana decides between Japanese and Chinese, then the characters, then the target", async () => {
  assert.deepEqual(Object.keys(await counts("東京都", "ja")), ["ja"]);
  assert.deepEqual(Object.keys(await counts("東京都", "zh")), ["zh"]);
  assert.deepEqual(Object.keys(await counts("経済発展", "zh")), ["ja"]);
  assert.deepEqual(Object.keys(await counts("经济发展", "ja")), ["zh"]);
  assert.deepEqual(Object.keys(await counts("東京都は日本の首都である。", "zh")), ["ja"]);
});

test("code, formulas, numbers, addresses and names of variables are no words", async () => {
  for (const text of [
    "```python\nfor item in range(10):\n    print(item)\n```",
    "~~~\nthe code\n~~~",
    "```\nnever closed",
    "`while running` `` a `b` c ``",
    "$x + \\text{speed} = \\sin y$",
    "$$\\text{the whole}$$",
    "\\(a \\cdot b\\) and".replace(" and", ""),
    "\\[\n\\frac{total}{count}\n\\]",
    "\\begin{align*} speed &= way \\end{align*}",
    "\\frac \\alpha \\cdot",
    "12 3.14 1,000 x y n α 2x x1 7th",
    "snake_case camelCase x_max maxValue",
    "f(x) = sin x + log y",
    "total = price × count",
    "https://example.org/some/page?of=words www.example.org",
    "someone.else@example.org",
    "/usr/local/bin ./some/file.txt",
    "<think></think><answer></answer>",
    "DNA GDP 中".replace(" 中", ""),
  ]) {
    const padded = `我们需要计算这个问题。\n${text}\n我们需要计算这个问题。`;
    assert.deepEqual(Object.keys(await counts(padded, "zh")), ["zh"], text);
  }
});

test("what only looks like code or a formula counts", async () => {
  const words = async (text: string): Promise<number> => (await languageConsistency(text, "en")).words;
  assert.equal(await words("It costs $5 and the other costs $10 today."), 7);
  assert.equal(await words("a ` lone backtick"), 3);
  assert.equal(await words("I don't know whether a < b and c > d hold"), 7);
  assert.equal(await words("one.two three:four"), 4);
  // Words in disguise: one name of many parts, a paragraph between dollar signs, a text in capitals.
  assert.equal(await words("we_hide_the_whole_thought_in_a_name"), 8);
  assert.ok((await words(`$ ${"words ".repeat(400)}$`.replace("$ ", "$"))) >= 400);
  assert.equal(await words("WAIT THE SUM IS WRONG"), 5);
  assert.equal(await words("Consider the triangle ABC with sides AB and CD."), 6);
});

test("knows the codes of languages, and refuses others", async () => {
  assert.equal((await languageConsistency("我们需要计算", "zh-Hans-CN")).ratio, 1);
  assert.equal((await languageConsistency("We need the sum", "EN")).ratio, 1);
  for (const code of ["", "english", "xx", "other", "__proto__"]) {
    await assert.rejects(languageConsistency("text", code), UnknownLanguageError, code);
  }
});

test("hostile text costs no more than its length", async () => {
  const evidence = await loadWordEvidence();
  const length = 60_000;
  for (const unit of [
    "a",
    "a ",
    "我",
    "の",
    "$",
    "$a",
    "`",
    "`a``",
    "\\(",
    "\\[",
    "$$ ",
    "<",
    "```\n",
    "\\begin{align}",
    "@a",
    "/a",
    "_a",
    "=",
    "\u0301",
    "\ud800",
    "a.b",
    "ab1c",
    "x=",
    "AB ",
  ]) {
    const text = unit.repeat(length / unit.length);
    const { ratio, words } = countLanguages(text, "en", evidence);
    assert.ok(ratio >= 0 && ratio <= 1 && words <= length, unit);
  }
});

/** Bounds on the mean absolute error, over all of a kind's pairs and over the worst single cell. */
const bounds: Readonly<Record<MixKind, { pairs: string[]; mean: number; worst: number }>> = {
  sentences: {
    pairs: ["en zh", "zh en", "en de", "de en", "ja zh", "zh ja", "ru en", "en ru"],
    mean: 0.006,
    worst: 0.025,
  },
  phrases: { pairs: ["en zh", "zh en", "en de", "de en", "ja zh", "ru en"], mean: 0.015, worst: 0.06 },
  // Single foreign words scattered over a text of the same script are the hardest: some are taken for the text's own.
  words: { pairs: ["en zh", "en de", "de en", "ru en"], mean: 0.03, worst: 0.12 },
};

for (const [kind, { pairs, mean, worst }] of Object.entries(bounds) as [
  MixKind,
  (typeof bounds)[MixKind],
][]) {
  test(`the ratio on known mixes by ${kind}`, { skip: languageDataMissing }, async () => {
    const evidence = await loadWordEvidence();
    const cells: [label: string, error: number][] = [];
    for (const pair of pairs) {
      const [foreign, main] = pair.split(" ") as [string, string];
      for (const share of [0, 0.05, 0.25, 0.5, 1]) {
        const errors = languageMixes(main, foreign, share, kind, 12).map(({ text, ratio }) =>
          Math.abs(countLanguages(text, main, evidence).ratio - ratio),
        );
        cells.push([
          `${foreign} in ${main} at ${share}`,
          errors.reduce((sum, one) => sum + one, 0) / errors.length,
        ]);
      }
    }
    assert.deepEqual(
      cells.filter(([, error]) => error > worst),
      [],
    );
    const average = cells.reduce((sum, [, error]) => sum + error, 0) / cells.length;
    assert.ok(average <= mean, `mean absolute error ${average}`);
  });
}

test("single sentences of one language are of that language", { skip: languageDataMissing }, async () => {
  const evidence = await loadWordEvidence();
  for (const language of ["en", "de", "zh", "ja", "ru"]) {
    let right = 0;
    let words = 0;
    for (const line of readLanguageLines(language)) {
      const found = countLanguages(line, language, evidence);
      right += found.targetWords;
      words += found.words;
    }
    assert.ok(right / words > 0.99, `${language}: ${right / words}`);
  }
});
