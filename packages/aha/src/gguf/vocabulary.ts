/** A tokenizer out of GGUF's metadata, as the files of a Hugging Face folder. */
import { GgufError } from "./gguf-error.ts";
import type { Metadata } from "./metadata.ts";
import { type PreTokenizer, preTokenizers } from "./pre-tokenizers.ts";

/** llama.cpp's kinds of token. */
export const tokenTypes = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 } as const;

type Json = Readonly<Record<string, unknown>>;

/** The two JSON files of a tokenizer. */
export interface TokenizerFiles {
  readonly tokenizer: Json;
  readonly config: Json;
}

/** Throws GgufError for a kind of tokenizer that is not known. */
export function tokenizerFilesOf(metadata: Metadata): TokenizerFiles {
  const kind = metadata.string("tokenizer.ggml.model");
  const tokens = metadata.strings("tokenizer.ggml.tokens");
  const types = metadata.optionalNumbers("tokenizer.ggml.token_type") ?? tokens.map(() => tokenTypes.normal);
  const added = tokens.flatMap((content, id) => {
    const type = types[id];
    const special = type === tokenTypes.control || type === tokenTypes.unknown;
    if (!special && type !== tokenTypes.userDefined) return [];
    return [{ id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special }];
  });
  const parts =
    kind === "gpt2"
      ? byteLevel(metadata, tokens)
      : kind === "llama"
        ? sentencePiece(metadata, tokens)
        : unknownKind(metadata, kind);
  return {
    tokenizer: {
      ...{ version: "1.0", truncation: null, padding: null },
      added_tokens: added,
      ...parts,
      post_processor: beginning(metadata, tokens),
    },
    config: tokenizerConfig(metadata, tokens),
  };
}

/** What puts the beginning-of-sequence token before a text, where the file asks for one. */
function beginning(metadata: Metadata, tokens: readonly string[]): Json | null {
  const id = metadata.optionalNumber("tokenizer.ggml.bos_token_id");
  if (id === null || !metadata.boolean("tokenizer.ggml.add_bos_token")) return null;
  const token = tokens[id] as string;
  const first = { SpecialToken: { id: token, type_id: 0 } };
  const text = (name: string, type_id: number): Json => ({ Sequence: { id: name, type_id } });
  return {
    type: "TemplateProcessing",
    single: [first, text("A", 0)],
    pair: [first, text("A", 0), text("B", 1)],
    special_tokens: { [token]: { id: token, ids: [id], tokens: [token] } },
  };
}

function unknownKind(metadata: Metadata, kind: string): never {
  throw new GgufError({
    file: metadata.file,
    message: `tokenizer "${kind}" is not supported`,
    remedy: 'Tokenizers of the kinds "gpt2" (byte-level BPE) and "llama" (SentencePiece) can be converted',
  });
}

function byteLevel(metadata: Metadata, tokens: readonly string[]): Json {
  const name = metadata.optionalString("tokenizer.ggml.pre") ?? "default";
  const pre: PreTokenizer | undefined = preTokenizers.get(name);
  if (pre === undefined) {
    throw new GgufError({
      file: metadata.file,
      message: `pre-tokenizer "${name}" is not known`,
      remedy: `Known: ${[...preTokenizers.keys()].join(", ")}. Convert from the original Hugging Face folder instead`,
    });
  }
  return {
    normalizer: pre.normalizer,
    pre_tokenizer: pre.preTokenizer,
    decoder: { type: "ByteLevel", add_prefix_space: false, trim_offsets: false, use_regex: false },
    model: {
      ...{ type: "BPE", dropout: null, unk_token: null, continuing_subword_prefix: null },
      ...{ end_of_word_suffix: null, fuse_unk: false, byte_fallback: false },
      ignore_merges: pre.ignoresMerges,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges: metadata.strings("tokenizer.ggml.merges"),
    },
  };
}

/** Llama 2's: pieces with scores, as the merges that lead to the same segmentation. */
function sentencePiece(metadata: Metadata, tokens: readonly string[]): Json {
  const scores = metadata.optionalNumbers("tokenizer.ggml.scores") ?? tokens.map((_, id) => -id);
  const ids = new Map(tokens.map((token, id) => [token, id]));
  const merges = tokens.flatMap((token, id) => {
    const characters = [...token];
    return characters.slice(1).flatMap((_, index) => {
      const left = characters.slice(0, index + 1).join("");
      const right = characters.slice(index + 1).join("");
      const [first, second] = [ids.get(left), ids.get(right)];
      if (first === undefined || second === undefined) return [];
      return [{ left, right, score: scores[id] as number, first, second }];
    });
  });
  merges.sort((a, b) => b.score - a.score || a.first - b.first || a.second - b.second);
  const prefix = metadata.has("tokenizer.ggml.add_space_prefix")
    ? metadata.boolean("tokenizer.ggml.add_space_prefix")
    : true;
  const space = { type: "Replace", pattern: { String: " " }, content: "▁" };
  const unknown = metadata.optionalNumber("tokenizer.ggml.unknown_token_id");
  return {
    normalizer: {
      type: "Sequence",
      normalizers: [...(prefix ? [{ type: "Prepend", prepend: "▁" }] : []), space],
    },
    pre_tokenizer: null,
    decoder: {
      type: "Sequence",
      decoders: [
        { type: "Replace", pattern: { String: "▁" }, content: " " },
        { type: "ByteFallback" },
        { type: "Fuse" },
        ...(prefix ? [{ type: "Strip", content: " ", start: 1, stop: 0 }] : []),
      ],
    },
    model: {
      ...{ type: "BPE", dropout: null, continuing_subword_prefix: null, end_of_word_suffix: null },
      unk_token: unknown === null ? null : tokens[unknown],
      ...{ fuse_unk: true, byte_fallback: true, ignore_merges: false },
      vocab: Object.fromEntries(ids),
      merges: merges.map(({ left, right }) => `${left} ${right}`),
    },
  };
}

function tokenizerConfig(metadata: Metadata, tokens: readonly string[]): Json {
  const named = (key: string): string | null => {
    const id = metadata.optionalNumber(`tokenizer.ggml.${key}_token_id`);
    return id === null ? null : (tokens[id] ?? null);
  };
  const template = metadata.optionalString("tokenizer.chat_template");
  return {
    tokenizer_class: "PreTrainedTokenizerFast",
    add_bos_token: metadata.boolean("tokenizer.ggml.add_bos_token"),
    add_prefix_space: false,
    clean_up_tokenization_spaces: false,
    bos_token: named("bos"),
    eos_token: named("eos"),
    pad_token: named("padding"),
    unk_token: named("unknown"),
    ...(template === null ? {} : { chat_template: template }),
  };
}
