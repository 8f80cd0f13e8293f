/**
 * GGUF files that we write, in llama.cpp: it takes them, reads texts into the same tokens, and continues them with the same ones.
 * It rounds activations to the weights' type, so random weights agree for a dozen tokens and not for ever.
 */
import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { nodeLlamaCpp } from "../../../scripts/node-llama-cpp.mjs";
import { loadTokenizer } from "../src/folder/tokenizer.ts";
import { saveModel } from "../src/models/load-model.ts";
import { convertModel } from "../src/tools/convert-model.ts";
import { generateCompletions } from "../src/tools/generate-completions.ts";
import { temporaryFolder, tinyModel } from "./helpers/tiny-model.ts";

/** The part of node-llama-cpp that is used here. */
interface LlamaCpp {
  getLlama(options: object): Promise<{
    loadModel(options: { modelPath: string }): Promise<{
      tokenize(text: string, specialTokens: boolean): number[];
      createContext(options: object): Promise<{
        getSequence(): { evaluate(ids: readonly number[], options: object): AsyncIterable<number> };
      }>;
      dispose(): Promise<void>;
    }>;
    dispose(): Promise<void>;
  }>;
}

const folder = temporaryFolder("llama-cpp");
after(() => rmSync(folder, { recursive: true }));
let peer: LlamaCpp | null = null;
before(async () => {
  const entry = await nodeLlamaCpp();
  peer = entry === null ? null : ((await import(pathToFileURL(entry).href)) as LlamaCpp);
});

/** GPT-2's characters for the 256 bytes, two merges and an end token: 259 tokens. */
function writeTokenizer(place: string): void {
  const printable = (byte: number): boolean =>
    (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
  let next = 256;
  const bytes = Array.from({ length: 256 }, (_, byte) =>
    String.fromCharCode(printable(byte) ? byte : next++),
  );
  const tokens = [...bytes, "th", "the", "<|end|>"];
  const level = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true };
  const end = { id: 258, content: "<|end|>", special: true, normalized: false };
  const flags = { single_word: false, lstrip: false, rstrip: false };
  const vocab = Object.fromEntries(tokens.map((token, id) => [token, id]));
  const files = {
    "tokenizer.json": {
      version: "1.0",
      added_tokens: [{ ...end, ...flags }],
      normalizer: null,
      pre_tokenizer: level,
      post_processor: null,
      decoder: level,
      model: { type: "BPE", vocab, merges: ["t h", "th e"], byte_fallback: false },
    },
    "tokenizer_config.json": { eos_token: "<|end|>" },
  };
  for (const [name, content] of Object.entries(files))
    writeFileSync(join(place, name), JSON.stringify(content));
}

const shapes = {
  vocabularySize: 259,
  hiddenSize: 64,
  intermediateSize: 96,
  headDimension: 16,
  eosTokenIds: [258],
};
const families = [
  ["llama", { ...shapes, family: "llama", tieEmbeddings: false }],
  ["qwen2", { ...shapes, family: "qwen2" }],
  ["qwen3", { ...shapes, family: "qwen3" }],
] as const;

for (const [family, change] of families) {
  for (const format of ["F16", "BF16"] as const) {
    test(`${family} as ${format}: the same tokens, and the same greedy continuation`, async (context) => {
      if (peer === null)
        return context.skip("node-llama-cpp has no build for this platform, or can't be fetched");
      const written = join(folder, `${family}-${format}`);
      writeTokenizer(folder);
      const model = tinyModel(7, "float32", change);
      const generation = { eosTokenIds: [258], bosTokenId: null, padTokenId: null };
      const unset = { temperature: null, topP: null, topK: null, minP: null };
      const card = { title: "t", description: "t" };
      saveModel(written, model, { tokenizerFolder: folder, generation: { ...generation, ...unset }, card });
      model.dispose();
      const file = `${written}.gguf`;
      await convertModel(written, file, { format });
      const again = `${written}-again`; // the rounded weights
      await convertModel(file, again, { dtype: "float32" });

      const llama = await peer.getLlama({ gpu: false, build: "never", logLevel: "error" });
      const theirs = await llama.loadModel({ modelPath: file });
      const text = "Well, the 3 theatres; naïve thé";
      const ids = loadTokenizer(again).encode(text, { addSpecialTokens: false });
      assert.deepEqual(theirs.tokenize(text, false), ids);
      const [ours] = await generateCompletions({
        ...{ model: again, prompt: { ids }, chat: false, samples: 1, dtype: "float32", device: "cpu" },
        sampling: { temperature: 0, topP: 1, topK: 0, minP: 0, maxNewTokens: 12, seed: 0 },
      });
      const sequence = (await theirs.createContext({ contextSize: 128, threads: 1 })).getSequence();
      const continued: number[] = [];
      for await (const token of sequence.evaluate(ids, { temperature: 0, yieldEogToken: true })) {
        if (continued.push(token) === ours?.tokenIds.length) break;
      }
      assert.deepEqual(continued, ours?.tokenIds);
      assert.ok(new Set(continued).size > 3, "a continuation that says something");
      await theirs.dispose();
      await llama.dispose();
    });
  }
}
