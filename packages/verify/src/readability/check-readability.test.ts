/** Tests of readability: each rule alone, its number and its limit, and texts people have written. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { languageDataMissing, readLanguageLines } from "../../test/helpers/language-mixes.ts";
import { checkReadability, type ReadabilityOptions } from "./check-readability.ts";
import { compressionRatio, repeatedRuns } from "./repetition.ts";

const thought = `We need the number of ways to seat five people at a round table.
Fix one person, so that turning the table makes no new seating. The other four can sit in 4! = 24 ways.
Wait, does the question also allow mirror images to count once? It does not say so, so 24 it is.
Let me check with three people: 2! = 2, and indeed there are just two ways around.`;

const rules = async (text: string, options: ReadabilityOptions = {}): Promise<string[]> =>
  (await checkReadability(text, options)).problems.map(({ rule }) => rule);

test("a plain thought is readable, and its numbers are told", async () => {
  const { readable, problems, measures } = await checkReadability(thought, { language: "en" });
  assert.equal(readable, true);
  assert.deepEqual(problems, []);
  assert.equal(measures.languageShare, 1);
  assert.equal(measures.paragraphWords, 22);
  assert.equal(measures.codeBlocks, 0);
  assert.equal(measures.repeatedRuns, 0);
  assert.ok(measures.compressionRatio > 1 && measures.compressionRatio < 2.5);
});

test("each rule by itself", async () => {
  const foreign = "我们先固定一个人，其余四个人可以任意排列，所以一共有二十四种坐法。这就是问题的答案。";
  assert.deepEqual(await rules(`${thought}\n${foreign}`), ["mixed-language"]);
  assert.deepEqual(await rules(thought, { language: "zh" }), ["mixed-language"]);
  assert.deepEqual(await rules(foreign), []);
  assert.deepEqual(await rules(`${thought}\n\`\`\`python\nprint(24)\n\`\`\``), ["code-block"]);
  assert.deepEqual(await rules(`${thought}\n~~~\nprint(24)`), ["code-block"]);
  assert.deepEqual(await rules(thought.replaceAll("\n", " "), { limits: { paragraphWords: 40 } }), [
    "long-paragraph",
  ]);
  assert.deepEqual(await rules(`${thought}\n${thought}`), ["repeated-words"]);
  const loop = `${thought}\n${"No. ".repeat(2_000)}`;
  assert.ok((await rules(loop)).includes("compressible"));
  assert.deepEqual(await rules("42"), []);
  assert.deepEqual(await rules(""), []);
});

test("a problem carries its number and its limit", async () => {
  const [problem] = (await checkReadability(thought, { limits: { paragraphWords: 21 } })).problems;
  assert.deepEqual(problem, {
    rule: "long-paragraph",
    value: 22,
    limit: 21,
    detail: "a paragraph of 22 words, over 21",
  });
});

test("repetition counts what occurred before", () => {
  assert.equal(repeatedRuns("a b c d", 2), 0);
  assert.equal(repeatedRuns("a b a b a b", 2), 3 / 5);
  assert.equal(repeatedRuns("A, b! a B.", 2), 1 / 3);
  assert.equal(repeatedRuns("我我我我", 2), 2 / 3);
  assert.equal(repeatedRuns("a", 8), 0);
  assert.equal(compressionRatio("short"), 1);
  assert.ok(compressionRatio("the same again and ".repeat(300)) > 20);
  // A loop at the end of a long text shows, however long the text before it.
  const words = Array.from({ length: 20_000 }, (_, index) => ((index * 7_919) % 104_729).toString(36)).join(
    " ",
  );
  assert.ok(compressionRatio(words) < 3);
  assert.ok(compressionRatio(`${words} ${"and so on ".repeat(500)}`) > 20);
});

test("hostile text costs no more than its length", async () => {
  for (const unit of ["```\n", "a", "a ", "我", "\n", "`", " ", "\u0301"]) {
    const { measures } = await checkReadability(unit.repeat(100_000 / unit.length));
    assert.ok(Object.values(measures).every(Number.isFinite));
  }
});

const gsm8k = fileURLToPath(new URL("../../../../../shared/data/gsm8k/test.jsonl", import.meta.url));

test("solutions people have written are readable", {
  skip: existsSync(gsm8k) ? false : "../shared/data/gsm8k is absent",
}, async () => {
  const answers = readFileSync(gsm8k, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => (JSON.parse(line) as { answer: string }).answer);
  let refused = 0;
  for (const answer of answers) if (!(await checkReadability(answer, { language: "en" })).readable) refused++;
  assert.ok(refused / answers.length < 0.005, `${refused} of ${answers.length}`);
});

test("sentences in one language are readable", { skip: languageDataMissing }, async () => {
  for (const language of ["en", "de", "zh", "ja", "ru"]) {
    const lines = readLanguageLines(language);
    for (let start = 0; start < lines.length; start += 30) {
      const text = lines.slice(start, start + 30).join("\n");
      assert.deepEqual(await rules(text, { language }), [], `${language} ${start}`);
    }
  }
});
