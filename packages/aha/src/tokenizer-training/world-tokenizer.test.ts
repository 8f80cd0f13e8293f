/** Tests of the miniature's tokenizer: single tokens where meant, every text encodable, the corpus round-trips. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Tokenizer } from "@huggingface/tokenizers";
import { countdownCorpus } from "../tasks/countdown-corpus.ts";
import { buildWorldTokenizer } from "./world-tokenizer.ts";

const files = buildWorldTokenizer();
const tokenizer = new Tokenizer({ ...files.tokenizer }, { ...files.config });
const encode = (text: string): number[] => tokenizer.encode(text, { add_special_tokens: false }).ids;
const decode = (ids: number[]): string =>
  tokenizer.decode(ids, { skip_special_tokens: false, clean_up_tokenization_spaces: false });

test("numbers and the world's words are single tokens, larger numbers are spelled", () => {
  for (const piece of [
    " 0",
    " 7",
    " 13",
    " 109",
    " wait",
    " <think>",
    " </answer>",
    "User:",
    " Assistant:",
    " (",
  ]) {
    assert.equal(encode(piece).length, 1, piece);
  }
  assert.equal(encode(" 110").length, 4);
  assert.equal(encode("User: Make 33 from 3, 7, 12. Assistant:").length, 11);
  assert.deepEqual(encode("<|end|>"), [files.endTokenId]);
  assert.equal(files.vocabularySize, 384);
});

test("the corpus, and any other text, decodes to itself", () => {
  const texts = [
    "a  b\n\n\tc ",
    "waiting, don't <thinking> 007 1999 <think></think>",
    "żółć 你好 🤔 ٣ e\u0301 \u0000 \u00a0.",
  ];
  for (const document of countdownCorpus(3)) {
    texts.push(document.prompt + document.completion);
    if (texts.length > 400) break;
  }
  for (const text of texts) assert.equal(decode(encode(text)), text);
});

test("the prompt's ids are the beginning of the document's ids", () => {
  for (const { prompt, completion } of countdownCorpus(4)) {
    const ids = encode(prompt);
    assert.deepEqual(encode(prompt + completion).slice(0, ids.length), ids);
    if (completion.length > 200) break;
  }
});

test("a frozen document keeps its ids", () => {
  assert.deepEqual(
    encode("User: Make 33 from 3, 7, 12. Assistant: <think> 3 * 7 = 21, 21 + 12 = 33 yes </think> <answer>"),
    [
      367, 368, 290, 369, 260, 45, 264, 45, 269, 47, 370, 371, 260, 379, 264, 381, 278, 45, 278, 377, 269,
      381, 290, 376, 372, 373,
    ],
  );
});

test("a piece that could never be produced is refused", () => {
  assert.throws(() => buildWorldTokenizer({ pieces: [" two words"] }), /two words.*never/);
});
