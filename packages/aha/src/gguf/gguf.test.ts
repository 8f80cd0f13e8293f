/** GGUF files both ways: a folder written and read again is the same model, and what cannot be said is refused by name. */
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { readModelConfig } from "../folder/model-config.ts";
import { openSafetensors } from "../folder/safetensors.ts";
import { loadTokenizer } from "../folder/tokenizer.ts";
import { locateWeights } from "../folder/weights.ts";
import { convertModel } from "../tools/convert-model.ts";
import { blockFormats, readBlocks } from "./block-formats.ts";
import { readGguf } from "./read-gguf.ts";

const fixtures = fileURLToPath(new URL("../../test/fixtures/", import.meta.url));
const place = mkdtempSync(join(tmpdir(), "aha-gguf-"));
after(() => rmSync(place, { recursive: true }));

/** A byte-level tokenizer of 64 tokens with two merges and two special ones. */
function writeTokenizer(folder: string, preTokenizer: unknown): void {
  const letters = [..."abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXY0123456Ġ"];
  const tokens = [...letters, "ab", "abc", "<|start|>", "<|end|>"].slice(0, 64);
  const special = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  const tokenizer = {
    version: "1.0",
    added_tokens: ["<|start|>", "<|end|>"].map((content) => ({
      id: tokens.indexOf(content),
      content,
      ...special,
    })),
    normalizer: null,
    pre_tokenizer: preTokenizer,
    post_processor: null,
    decoder: { type: "ByteLevel", add_prefix_space: false, trim_offsets: false, use_regex: false },
    model: {
      type: "BPE",
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges: ["a b", "ab c"],
      byte_fallback: false,
    },
  };
  writeFileSync(join(folder, "tokenizer.json"), JSON.stringify(tokenizer));
  const config = { eos_token: "<|end|>", chat_template: "{{ messages[0].content }}" };
  writeFileSync(join(folder, "tokenizer_config.json"), JSON.stringify(config));
}

const gpt2 = { type: "ByteLevel", add_prefix_space: false, trim_offsets: false, use_regex: true };

function folderOf(fixture: string, preTokenizer: unknown = gpt2): string {
  const folder = join(place, `${fixture}-${Math.random().toString(36).slice(2)}`);
  cpSync(join(fixtures, fixture), folder, { recursive: true });
  writeTokenizer(folder, preTokenizer);
  return folder;
}

function weightsOf(folder: string): Map<string, Float32Array> {
  return new Map(
    [...locateWeights(folder)].map(([name, { file, dtype }]) => {
      const opened = openSafetensors(file);
      const values = readBlocks(blockFormats.get(dtype) ?? assert.fail(), opened.read(name));
      opened.close();
      return [name, values] as const;
    }),
  );
}

test("a LoRA adapter's folder is written with its base, merged", async () => {
  const base = folderOf("llama-untied");
  const adapter = `${base}-adapter`;
  cpSync(join(fixtures, "lora/plain"), adapter, { recursive: true });
  const config = join(adapter, "adapter_config.json");
  writeFileSync(config, readFileSync(config, "utf8").replace("../../llama-untied", base));
  await convertModel(adapter, `${base}.gguf`, { format: "F32" });
  await convertModel(`${base}.gguf`, `${base}-again`, { dtype: "float32" });
  await convertModel(adapter, `${base}-merged`);
  assert.deepEqual(weightsOf(`${base}-again`), weightsOf(`${base}-merged`));
  assert.notDeepEqual(weightsOf(`${base}-merged`), weightsOf(base));
  assert.ok(!readdirSync(place).some((name) => name.endsWith(".partial")));
});

for (const fixture of ["llama-tied", "llama-untied", "qwen2", "qwen3", "yarn"]) {
  test(`${fixture}: a folder written as GGUF and read again has the same bits, configuration and tokens`, async () => {
    const folder = folderOf(fixture);
    const file = `${folder}.gguf`;
    await convertModel(folder, file, { format: "F32" });
    const again = `${folder}-again`;
    await convertModel(file, again, { dtype: "float32" });
    const [config, before] = [readModelConfig(again), readModelConfig(folder)];
    const endsWith = { eosTokenIds: config.eosTokenIds, bosTokenId: config.bosTokenId };
    assert.deepEqual(config, { ...before, ...endsWith, initializerRange: config.initializerRange });
    assert.deepEqual(weightsOf(again), weightsOf(folder));
    const [own, theirs] = [loadTokenizer(again), loadTokenizer(folder)];
    for (const text of ["abcab cab", "a b<|end|>", "<|start|>Zebra 0123"]) {
      assert.deepEqual(own.encode(text), theirs.encode(text), text);
    }
    const messages = [{ role: "user", content: "abc" }] as const;
    assert.equal(own.applyChatTemplate(messages), theirs.applyChatTemplate(messages));
    assert.equal(own.eosTokenId, theirs.eosTokenId);
  });
}

test("Q8_0 keeps norms exactly and matrices to a 127th of the block's largest number", async () => {
  const folder = folderOf("qwen3"); // rows of 24 and 32 numbers: the former become F16
  const file = `${folder}.gguf`;
  await convertModel(folder, file);
  const { formats } = await readGguf(file);
  assert.deepEqual(Object.keys(formats).sort(), ["F16", "F32", "Q8_0"]);
  const again = `${folder}-again`;
  await convertModel(file, again, { dtype: "float32" });
  const original = weightsOf(folder);
  for (const [name, values] of weightsOf(again)) {
    const wanted = original.get(name) ?? assert.fail(name);
    const largest = Math.max(...wanted.map(Math.abs));
    const allowed = name.includes("norm") ? 0 : largest / 127;
    values.forEach((value, index) => {
      assert.ok(Math.abs(value - (wanted[index] as number)) <= allowed, `${name}[${index}]`);
    });
  }
});

test("what a GGUF file cannot say is refused by name, and nothing is left behind", async () => {
  const folder = folderOf("qwen2", { type: "Whitespace" });
  await assert.rejects(convertModel(folder, join(place, "a.gguf")), /pre_tokenizer is none of those/);
  const stretched = folderOf("llama3"); // with other bounds than Llama 3.1's
  const file = join(place, "llama3.gguf");
  await convertModel(stretched, file);
  await assert.rejects(readGguf(file), /rope_freqs\.weight holds other factors/);
  await assert.rejects(convertModel(folder, join(place, "b")), /end in \.gguf/);
  await assert.rejects(convertModel(folder, folder), /nothing is yet/);
  writeFileSync(join(place, "text.gguf"), "no such thing");
  await assert.rejects(readGguf(join(place, "text.gguf")), /text\.gguf: not a readable GGUF file/);
  const whole = folderOf("qwen2");
  await convertModel(whole, join(place, "cut.gguf"), { format: "F32" });
  truncateSync(join(place, "cut.gguf"), readFileSync(join(place, "cut.gguf")).length - 4_000);
  await assert.rejects(convertModel(join(place, "cut.gguf"), join(place, "cut")), /cut\.gguf/);
  assert.deepEqual(
    readdirSync(place).filter((name) => name.includes("partial") || name === "cut"),
    [],
  );
});
