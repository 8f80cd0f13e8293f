/** The tokenizer against ids, texts and chat renderings frozen from transformers, and its streaming. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { JsonValue } from "../tasks/task.ts";
import type { ChatMessage } from "./chat-template.ts";
import { createDecodeStream } from "./decode-stream.ts";
import { ModelFolderError } from "./errors.ts";
import { loadTokenizer, type Tokenizer } from "./tokenizer.ts";

interface FrozenTokenizer {
  size: number;
  bos: number | null;
  eos: number | null;
  pad: number | null;
  ids: number[][];
  decoded: string[];
  decodedSkippingSpecial: string[];
  decodedWithoutFirst: string[];
  chats: {
    messages: ChatMessage[];
    options: { add_generation_prompt?: boolean; tools?: JsonValue[] };
    text: string;
  }[];
}

const root = join(import.meta.dirname, "../../../..");
const frozen: { texts: string[]; tokenizers: Record<string, FrozenTokenizer> } = JSON.parse(
  readFileSync(join(import.meta.dirname, "../../test/fixtures/tokenizers.json"), "utf8"),
);

/** Every text must come out of a stream as it does of `decode`, with no piece ending in half a character. */
function streamed(tokenizer: Tokenizer, ids: number[]): string {
  const stream = tokenizer.decodeStream({ skipSpecialTokens: false });
  const pieces = ids.map((id) => stream.push(id));
  for (const piece of pieces) assert.doesNotMatch(piece, /\p{Surrogate}/u);
  return pieces.join("") + stream.end();
}

for (const [name, expected] of Object.entries(frozen.tokenizers)) {
  const folder = join(root, "../shared/data/tokenizers", name);
  const skip = existsSync(folder) ? false : `no ../shared/data/tokenizers/${name}`;
  test(`${name} encodes, decodes and renders as transformers does`, { skip }, () => {
    const tokenizer = loadTokenizer(folder);
    assert.equal(tokenizer.vocabularySize, expected.size);
    assert.equal(tokenizer.bosTokenId, expected.bos);
    assert.equal(tokenizer.eosTokenId, expected.eos);
    assert.equal(tokenizer.padTokenId, expected.pad);
    frozen.texts.forEach((text, position) => {
      const ids = tokenizer.encode(text);
      assert.deepEqual(ids, expected.ids[position], JSON.stringify(text));
      assert.equal(tokenizer.decode(ids, { skipSpecialTokens: false }), expected.decoded[position]);
      assert.equal(tokenizer.decode(ids), expected.decodedSkippingSpecial[position]);
      const torn = ids.slice(1, -1);
      const tornText = tokenizer.decode(torn, { skipSpecialTokens: false });
      assert.equal(tornText, expected.decodedWithoutFirst[position]);
      assert.equal(streamed(tokenizer, ids), expected.decoded[position]);
      assert.equal(streamed(tokenizer, torn), tornText);
    });
    for (const { messages, options, text } of expected.chats) {
      const rendered = tokenizer.applyChatTemplate(messages, {
        addGenerationPrompt: options.add_generation_prompt ?? false,
        ...(options.tools === undefined ? {} : { tools: options.tools }),
      });
      assert.equal(rendered, text);
    }
  });
}

const VOCABULARY = ["<s>", "</s>", "a", "Ġb", "ðŁĻ", "Ĥ", "Ċ"]; // 🙂 is split over ðŁĻ and Ĥ

/** A folder with a small byte-level tokenizer; `files` adds or replaces. */
function makeFolder(files: Record<string, unknown> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), "aha-tokenizer-"));
  const added = (id: number) => ({
    id,
    content: VOCABULARY[id],
    special: true,
    lstrip: false,
    rstrip: false,
    single_word: false,
    normalized: false,
  });
  const tokenizer = {
    version: "1.0",
    added_tokens: [added(0), added(1)],
    normalizer: null,
    pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, use_regex: true },
    post_processor: null,
    decoder: { type: "ByteLevel" },
    model: {
      type: "BPE",
      vocab: Object.fromEntries(VOCABULARY.map((token, id) => [token, id])),
      merges: [["Ġ", "b"]],
    },
  };
  const all: Record<string, unknown> = {
    "tokenizer.json": tokenizer,
    "tokenizer_config.json": { bos_token: "<s>", eos_token: { content: "</s>" } },
    ...files,
  };
  for (const [name, content] of Object.entries(all)) {
    writeFileSync(join(folder, name), typeof content === "string" ? content : JSON.stringify(content));
  }
  return folder;
}

test("a character split over tokens is given out only when whole", () => {
  const stream = loadTokenizer(makeFolder()).decodeStream();
  assert.deepEqual(
    [2, 4, 5, 0, 3].map((id) => stream.push(id)),
    ["a", "", "🙂", "", " b"],
  );
  assert.equal(stream.push(4), "");
  assert.equal(stream.end(), "\uFFFD");
});

test("special tokens are read, skipped on demand, and ids out of range passed over", () => {
  const tokenizer = loadTokenizer(makeFolder());
  assert.equal(tokenizer.vocabularySize, 7);
  assert.equal(tokenizer.bosTokenId, 0);
  assert.equal(tokenizer.eosTokenId, 1);
  assert.equal(tokenizer.padTokenId, null);
  assert.equal(tokenizer.tokenToId("</s>"), 1);
  assert.equal(tokenizer.tokenToId("absent"), null);
  assert.equal(tokenizer.decode([0, 2, 3, 99, 1]), "a b");
  assert.equal(tokenizer.decode(Int32Array.of(0, 2, 1), { skipSpecialTokens: false }), "<s>a</s>");
  assert.equal(tokenizer.decode([]), "");
  assert.deepEqual(tokenizer.encode("<s>a b"), [0, 2, 3]);
});

test("chat_template.jinja beats the inline template, and named templates can be chosen", () => {
  const template = "{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}{{ eos_token }}";
  const inline = (value: unknown) => ({
    "tokenizer_config.json": { eos_token: "</s>", chat_template: value },
  });
  const messages = [{ role: "user", content: "hi" }];
  const asString = loadTokenizer(makeFolder(inline("inline")));
  assert.equal(asString.applyChatTemplate(messages), "inline");
  const asFile = loadTokenizer(makeFolder({ ...inline("inline"), "chat_template.jinja": template }));
  assert.equal(asFile.applyChatTemplate(messages), "[user]hi</s>");
  const list = [
    { name: "default", template: "plain" },
    { name: "tool_use", template: "tools: {{ tools | length }}" },
  ];
  const asList = loadTokenizer(makeFolder(inline(list)));
  assert.equal(asList.applyChatTemplate(messages), "plain");
  assert.equal(asList.applyChatTemplate(messages, { tools: [{}, {}] }), "tools: 2");
  assert.throws(() => asList.applyChatTemplate(messages, { template: "rag" }), /"rag".*default, tool_use/);
});

test("a folder without a template, a tokenizer, or valid JSON says so", () => {
  const tokenizer = loadTokenizer(makeFolder());
  assert.equal(tokenizer.hasChatTemplate, false);
  assert.throws(() => tokenizer.applyChatTemplate([]), ModelFolderError);
  assert.throws(
    () => loadTokenizer(mkdtempSync(join(tmpdir(), "aha-empty-"))),
    /tokenizer\.json.*model folder/,
  );
  assert.throws(() => loadTokenizer(makeFolder({ "tokenizer.json": "{" })), /expected JSON/);
  assert.throws(() => loadTokenizer(makeFolder({ "tokenizer.json": {} })), /"model"/);
});

test("a template that refuses the conversation is an error with the template's own words", () => {
  const refusing = makeFolder({ "chat_template.jinja": "{{ raise_exception('roles must alternate') }}" });
  assert.throws(() => loadTokenizer(refusing).applyChatTemplate([]), /roles must alternate/);
});

test("without byte-level tokens a stream still equals decoding at once", () => {
  // Like SentencePiece: a space opens each word and is dropped at the very start; "é" takes two tokens.
  const words = ["▁one", "▁two", "×", "three"];
  const decode = (ids: number[]) => {
    const text = ids.map((id) => (id < 4 ? words[id] : id === 4 ? "<" : ">")).join("");
    const whole = text.replaceAll("<>", "é").replaceAll(/[<>]/g, "\uFFFD").replaceAll("▁", " ");
    return whole.startsWith(" ") ? whole.slice(1) : whole;
  };
  const ids = Array.from({ length: 500 }, (_, position) => (position * 7 + (position % 3)) % 4).flatMap(
    (id) => [id, 4, 5],
  );
  const stream = createDecodeStream({ keep: () => true, decode, bytes: null });
  const pieces = ids.map((id) => stream.push(id));
  assert.ok(pieces.every((piece) => !piece.includes("\uFFFD")));
  assert.equal(pieces.join("") + stream.end(), decode(ids));
});
