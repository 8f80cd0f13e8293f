/** Our verdicts against those of IFEval's published code, on responses that follow, nearly follow and break instructions. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import type { Instruction } from "./instruction.ts";
import { instructionIds, plainId } from "./instruction-checks.ts";
import { loadLanguageDetector } from "./language-detector.ts";
import { isBlank } from "./python-text.ts";
import { splitSentences } from "./sentences.ts";
import { summariseInstructions } from "./summarise-instructions.ts";
import { countCapitalWords } from "./treebank-words.ts";
import { looseVariants, verifyInstructions } from "./verify-instructions.ts";
import { countWords } from "./words.ts";

/** null: the published code draws the letter to count at random, so that it has no verdict. */
type FrozenVerdict = readonly (boolean | null)[];

interface FrozenResponse {
  readonly text: string;
  readonly strict: FrozenVerdict;
  readonly loose: FrozenVerdict;
  /** Words, sentences, words in capitals. */
  readonly counts: readonly [number, number, number];
  /** What langdetect says of each loose variant that is not blank; null where it cannot tell. */
  readonly languages?: readonly (string | null)[];
}

interface FrozenPrompt {
  readonly key: number;
  readonly instructions: readonly Instruction[];
  readonly responses: readonly FrozenResponse[];
}

const frozen = gunzipSync(readFileSync(new URL("./fixtures/ifeval-verdicts.jsonl.gz", import.meta.url)))
  .toString("utf8")
  .trimEnd()
  .split("\n")
  .map((line): FrozenPrompt => JSON.parse(line));

function judge(prompt: FrozenPrompt, response: FrozenResponse) {
  const texts = looseVariants(response.text).filter((text) => !isBlank(text));
  const languages = response.languages;
  assert.ok(languages === undefined || languages.length === texts.length, "the same loose variants");
  const byText = new Map(texts.map((text, index) => [text, languages?.[index] ?? undefined]));
  return verifyInstructions(response.text, prompt.instructions, {
    detectLanguage: (text) => byText.get(text),
  });
}

test("every prompt of the set is there, and every instruction is both followed and broken", () => {
  assert.equal(frozen.length, 541);
  const seen = new Set<string>();
  for (const prompt of frozen) {
    for (const response of prompt.responses) {
      for (const [index, { id }] of prompt.instructions.entries())
        seen.add(`${plainId(id)} ${response.strict[index]}`);
    }
  }
  for (const id of instructionIds) assert.ok(seen.has(`${id} true`) && seen.has(`${id} false`), id);
});

test("strict and loose verdicts are the published code's", () => {
  let compared = 0;
  let withoutVerdict = 0;
  for (const prompt of frozen) {
    for (const response of prompt.responses) {
      const result = judge(prompt, response);
      for (const [index, { id }] of prompt.instructions.entries()) {
        const expected = response.strict[index];
        if (expected === null) {
          withoutVerdict++;
          continue;
        }
        compared++;
        const where = `key ${prompt.key}, ${id} ${JSON.stringify(prompt.instructions[index]?.arguments)}, on ${JSON.stringify(response.text)}`;
        assert.equal(result.strict.each[index], expected, `strict, ${where}`);
        assert.equal(result.loose.each[index], response.loose[index], `loose, ${where}`);
      }
    }
  }
  // The letters "#" and "!" of two prompts.
  assert.equal(withoutVerdict, 2 * (frozen[0]?.responses.length ?? 0));
  assert.ok(compared > 6000, `${compared} verdicts compared`);
});

test("words, sentences and words in capitals are counted as NLTK counts them", () => {
  for (const { key, responses } of frozen) {
    for (const { text, counts } of responses) {
      const ours = [countWords(text), splitSentences(text).length, countCapitalWords(text)];
      assert.deepEqual(ours, counts, `key ${key}, on ${JSON.stringify(text)}`);
    }
  }
});

test("the four accuracies are those of the frozen verdicts", () => {
  const judged = frozen.filter((prompt) => !prompt.responses[0]?.strict.includes(null));
  const responses = judged.flatMap((prompt) => prompt.responses);
  const summary = summariseInstructions(
    judged.flatMap((prompt) => prompt.responses.map((response) => judge(prompt, response))),
  );
  const share = (values: readonly (boolean | null)[]) => values.filter(Boolean).length / values.length;
  assert.deepEqual(summary.promptLevel, {
    strict: share(responses.map(({ strict }) => strict.every(Boolean))),
    loose: share(responses.map(({ loose }) => loose.every(Boolean))),
  });
  assert.deepEqual(summary.instructionLevel, {
    strict: share(responses.flatMap(({ strict }) => strict)),
    loose: share(responses.flatMap(({ loose }) => loose)),
  });
  assert.equal(summary.prompts, responses.length);
});

test("with our own language detector, verdicts about language hardly differ", async () => {
  const detectLanguage = await loadLanguageDetector();
  const differing: string[] = [];
  const languages = new Set<string>();
  let compared = 0;
  for (const prompt of frozen) {
    for (const response of prompt.responses) {
      if (response.languages === undefined) continue;
      const result = verifyInstructions(response.text, prompt.instructions, { detectLanguage });
      for (const [index, instruction] of prompt.instructions.entries()) {
        if (!/response_language|english_/.test(instruction.id)) continue;
        compared++;
        if (result.strict.each[index] === response.strict[index]) {
          if (response.strict[index]) languages.add(String(instruction.arguments?.language ?? "en"));
        } else {
          differing.push(JSON.stringify([instruction, response.text, response.languages[0]]));
        }
      }
    }
  }
  // All of the set's 22 languages, Swahili and Nepali among them, and English.
  assert.equal(languages.size, 23);
  assert.ok(
    differing.length < 0.03 * compared,
    `${differing.length} of ${compared}:\n${differing.join("\n")}`,
  );
});
