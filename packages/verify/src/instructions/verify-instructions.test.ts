/** What the published verdicts do not show: wrong instructions, absent arguments, languages, and hostile text. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import type { JsonValue } from "../outcome.ts";
import { InstructionError } from "./instruction.ts";
import { instructionIds } from "./instruction-checks.ts";
import { summariseInstructions } from "./summarise-instructions.ts";
import {
  type InstructionRow,
  looseVariants,
  readInstructions,
  verifyInstructions,
} from "./verify-instructions.ts";

const detectLanguage = () => "en";

function follows(response: string, id: string, given: Record<string, JsonValue> = {}, options = {}): boolean {
  return verifyInstructions(response, [{ id, arguments: given }], { detectLanguage, ...options }).strict.all;
}

/** One way to ask for each of the 25. */
const everyInstruction: Readonly<Record<string, Record<string, JsonValue>>> = {
  "keywords:existence": { keywords: ["zebra", "yak"] },
  "keywords:frequency": { keyword: "aa", frequency: 3, relation: "at least" },
  "keywords:forbidden_words": { forbidden_words: ["aa", "p."] },
  "keywords:letter_frequency": { letter: "q", let_frequency: 3, let_relation: "at least" },
  "language:response_language": { language: "de" },
  "length_constraints:number_sentences": { num_sentences: 7, relation: "less than" },
  "length_constraints:number_paragraphs": { num_paragraphs: 3 },
  "length_constraints:number_words": { num_words: 100, relation: "at least" },
  "length_constraints:nth_paragraph_first_word": { num_paragraphs: 2, nth_paragraph: 1, first_word: "x" },
  "detectable_content:number_placeholders": { num_placeholders: 9 },
  "detectable_content:postscript": { postscript_marker: "P.P.S" },
  "detectable_format:number_bullet_lists": { num_bullets: 3 },
  "detectable_format:constrained_response": {},
  "detectable_format:number_highlighted_sections": { num_highlights: 9 },
  "detectable_format:multiple_sections": { section_spliter: "SECTION", num_sections: 9 },
  "detectable_format:json_format": {},
  "detectable_format:title": {},
  "combination:two_responses": {},
  "combination:repeat_prompt": { prompt_to_repeat: "Do it." },
  "startend:end_checker": { end_phrase: "The end." },
  "startend:quotation": {},
  "change_case:capital_word_frequency": { capital_frequency: 9, capital_relation: "at least" },
  "change_case:english_capital": {},
  "change_case:english_lowercase": {},
  "punctuation:no_comma": {},
};
const allInstructions = Object.entries(everyInstruction).map(([id, given]) => ({ id, arguments: given }));

test("all 25 instructions are known, with M-IFEval's prefix too", () => {
  assert.deepEqual([...instructionIds].sort(), Object.keys(everyInstruction).sort());
  const result = verifyInstructions("No", [
    { id: "en:punctuation:no_comma" },
    { id: "startend:quotation", arguments: null },
  ]);
  assert.deepEqual(result.strict, { all: false, each: [true, false] });
  assert.equal(result.outcome, "wrong");
  assert.deepEqual(
    result.details.map(({ id }) => id),
    ["punctuation:no_comma", "startend:quotation"],
  );
});

test("null arguments count as absent", () => {
  const given = { keywords: null, num_words: null, relation: "at least", num_sentences: 1 };
  assert.equal(follows("One.", "length_constraints:number_sentences", given), true);
  assert.throws(() => follows("One.", "length_constraints:number_words", given), InstructionError);
});

test("an instruction that cannot be checked is an error that says what to do", () => {
  const cases: [string, Record<string, JsonValue>, RegExp][] = [
    ["fr:startend:quotation", {}, /Unknown instruction "fr:startend:quotation"/],
    ["startend:quotation", { colour: 1 }, /no argument "colour"; its arguments: none/],
    ["keywords:existence", {}, /"keywords" should be a list of texts that are not blank, but is missing/],
    ["keywords:existence", { keywords: ["a", ""] }, /but is ""/],
    ["keywords:existence", { keywords: ["a".repeat(3000)] }, /at most 2000 characters/],
    [
      "keywords:letter_frequency",
      { letter: "ab", let_frequency: 1, let_relation: "at least" },
      /one character/,
    ],
    [
      "keywords:frequency",
      { keyword: "a", frequency: 1.5, relation: "at least" },
      /whole number of at least 0, but is 1.5/,
    ],
    ["keywords:frequency", { keyword: "a", frequency: 1, relation: "at most" }, /"less than" or "at least"/],
    [
      "length_constraints:nth_paragraph_first_word",
      { num_paragraphs: 2, nth_paragraph: 3, first_word: "a" },
      /beyond num_paragraphs 2/,
    ],
  ];
  for (const [id, given, message] of cases) {
    assert.throws(() => follows("text", id, given), { name: "InstructionError", message });
  }
  assert.throws(
    () => verifyInstructions("a", [{ id: "change_case:english_lowercase" }]),
    /needs the option detectLanguage/,
  );
  assert.throws(
    () => readInstructions({ instruction_id_list: ["punctuation:no_comma"], kwargs: [] }),
    InstructionError,
  );
});

test("keywords, splitters and unusual markers are literal text, never patterns", () => {
  assert.equal(follows("I like C++.", "keywords:existence", { keywords: ["c++"] }), true);
  assert.equal(follows("aaa", "keywords:existence", { keywords: ["a.a"] }), false);
  assert.equal(follows("xxx", "keywords:forbidden_words", { forbidden_words: [".*"] }), true);
  assert.equal(
    follows("a x1", "detectable_format:multiple_sections", { section_spliter: ".", num_sections: 1 }),
    false,
  );
  assert.equal(follows("aXsX", "detectable_content:postscript", { postscript_marker: "a.s." }), false);
  assert.equal(follows("n.b. it", "detectable_content:postscript", { postscript_marker: "N.B." }), true);
});

test("a character that is no letter is counted as it is asked for", () => {
  const given = { letter: "#", let_frequency: 2, let_relation: "at least" };
  assert.equal(follows("# a #b", "keywords:letter_frequency", given), true);
  assert.equal(follows("# a b", "keywords:letter_frequency", given), false);
});

test("text in no tellable language follows by default, as published, and does not where a reward wants it so", () => {
  const options = { detectLanguage: () => undefined };
  const given = { language: "de" };
  assert.equal(follows("1 2 3", "language:response_language", given, options), true);
  const strict = { ...options, undetectedLanguage: "violated" };
  assert.equal(follows("1 2 3", "language:response_language", given, strict), false);
  assert.equal(follows("abc", "change_case:english_lowercase", {}, strict), false);
});

test("script and region of a language code do not matter", () => {
  const options = { detectLanguage: () => "zh" };
  assert.equal(follows("你好", "language:response_language", { language: "zh-cn" }, options), true);
  assert.equal(follows("你好", "language:response_language", { language: "ja" }, options), false);
});

test("a blank response follows nothing, not even what it does not break", () => {
  for (const blank of ["", " \n\t", "\u00a0"]) {
    const result = verifyInstructions(blank, allInstructions, { detectLanguage });
    assert.ok(
      result.strict.each.every((followed) => !followed) && result.loose.each.every((followed) => !followed),
    );
  }
});

test("the loose verdict forgives a first line, a last line and asterisks", () => {
  assert.deepEqual(looseVariants("a\n*b*\nc"), [
    "a\n*b*\nc",
    "*b*\nc",
    "a\n*b*",
    "*b*",
    "a\nb\nc",
    "b\nc",
    "a\nb",
    "b",
  ]);
  const quoted = verifyInstructions('Sure:\n**"Yes."**\nDone', [{ id: "startend:quotation" }]);
  assert.deepEqual([quoted.strict.all, quoted.loose.all], [false, true]);
  assert.match(quoted.details[0]?.found ?? "", /not wrapped/);
});

test("accuracies by prompt, by instruction and by kind", () => {
  const noComma = { id: "punctuation:no_comma" };
  const quotation = { id: "startend:quotation" };
  const summary = summariseInstructions([
    verifyInstructions('"a"', [noComma, quotation]),
    verifyInstructions("a,\nb", [noComma]),
  ]);
  assert.deepEqual(summary, {
    prompts: 2,
    instructions: 3,
    promptLevel: { strict: 0.5, loose: 1 },
    instructionLevel: { strict: 2 / 3, loose: 1 },
    byInstruction: {
      "punctuation:no_comma": { strict: 0.5, loose: 1, count: 2 },
      "startend:quotation": { strict: 1, loose: 1, count: 1 },
    },
  });
  assert.deepEqual(summariseInstructions([]).promptLevel, { strict: 0, loose: 0 });
});

// Half a megabyte each: a search that is not linear would run for hours, and the time limit would end it.
test("hostile text is judged in linear time and never throws", { timeout: 300_000 }, () => {
  const size = 2 ** 18;
  const units = [
    ". ",
    "? ",
    ".",
    "!",
    '." ',
    "*",
    "***a",
    "******",
    "[",
    "<<",
    " ",
    "\n",
    "\n*\n",
    '\\"',
    "--",
    ". . ",
  ];
  units.push(
    "p.",
    "SECTION",
    "SECTION 1",
    "'s ",
    "```",
    '{"a":',
    "[[",
    'NaN"',
    "\ud800",
    "\u0130",
    "😀",
    "aa ",
    "A.",
    "\r\n",
  );
  const texts = units.map((unit) => unit.repeat(Math.ceil(size / unit.length)));
  texts.push(`a.${" ".repeat(size)}b`, `NaN "${'\\"'.repeat(size / 2)}`, `a.${")".repeat(size)}b`);
  for (const text of texts) {
    const { details } = verifyInstructions(text, allInstructions, { detectLanguage });
    assert.equal(details.length, 25);
    assert.ok(details.every(({ found }) => found.length < 200));
  }
});

const data = new URL("../../../../../shared/data/ifeval/en_input_data.jsonl", import.meta.url);
test("every row of the real set can be judged", { skip: !existsSync(data) && `no ${data.pathname}` }, () => {
  const rows = readFileSync(data, "utf8").trimEnd().split("\n");
  const parsed = rows.map((row): InstructionRow & { prompt: string } => JSON.parse(row));
  const results = parsed.map((row) =>
    verifyInstructions(row.prompt, readInstructions(row), { detectLanguage }),
  );
  const summary = summariseInstructions(results);
  assert.deepEqual([summary.prompts, summary.instructions], [541, 834]);
  assert.equal(Object.keys(summary.byInstruction).length, 25);
});
