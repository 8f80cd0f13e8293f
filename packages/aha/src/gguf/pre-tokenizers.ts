/** llama.cpp's names of the ways byte-level tokenizers cut text before merging, and Hugging Face's settings for each. */

export interface PreTokenizer {
  readonly normalizer: Readonly<Record<string, unknown>> | null;
  readonly preTokenizer: Readonly<Record<string, unknown>>;
  /** Whether a whole word of the vocabulary is taken as it is. */
  readonly ignoresMerges: boolean;
}

const byteLevel = (regex: boolean): Record<string, unknown> => ({
  type: "ByteLevel",
  add_prefix_space: false,
  trim_offsets: true,
  use_regex: regex,
});

const split = (pattern: string): Record<string, unknown> => ({
  type: "Sequence",
  pretokenizers: [
    { type: "Split", pattern: { Regex: pattern }, behavior: "Isolated", invert: false },
    byteLevel(false),
  ],
});

/** The pattern of GPT-4 and after, with so many digits to a piece. */
const modern = (digits: string): string =>
  `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|${digits}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`;

const gpt2: PreTokenizer = { normalizer: null, preTokenizer: byteLevel(true), ignoresMerges: false };
const llama3: PreTokenizer = {
  normalizer: null,
  preTokenizer: split(modern("\\p{N}{1,3}")),
  ignoresMerges: true,
};

export const preTokenizers: ReadonlyMap<string, PreTokenizer> = new Map([
  ["default", gpt2],
  ["gpt-2", gpt2],
  ["llama-bpe", llama3],
  ["llama3", llama3],
  [
    "smollm",
    {
      normalizer: null,
      preTokenizer: {
        type: "Sequence",
        pretokenizers: [{ type: "Digits", individual_digits: true }, byteLevel(true)],
      },
      ignoresMerges: false,
    },
  ],
  ["qwen2", { normalizer: { type: "NFC" }, preTokenizer: split(modern("\\p{N}")), ignoresMerges: false }],
]);
