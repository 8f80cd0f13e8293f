/** A model's tokenizer: text to ids and back, in step with Hugging Face's own, and safe to stream. */
import { join } from "node:path";
import { Tokenizer as HuggingFaceTokenizer } from "@huggingface/tokenizers";
import type { ChatMessage, ChatTemplateOptions } from "./chat-template.ts";
import { createChatTemplate, readChatTemplates } from "./chat-template.ts";
import { createDecodeStream, type DecodeStream } from "./decode-stream.ts";
import { ModelFolderError } from "./errors.ts";
import { readJson, readOptionalJson } from "./json-file.ts";
import { byteLevelBytes } from "./token-bytes.ts";

/**
 * The part of the library's tokenizer that is used here. Stated by hand: its own declarations import
 * without file extensions, which TypeScript's Node resolution does not follow.
 */
interface InnerTokenizer {
  encode(text: string, options: { add_special_tokens: boolean }): { ids: (number | undefined)[] };
  decode(ids: number[], options: { clean_up_tokenization_spaces: boolean }): string;
  token_to_id(token: string): number | undefined;
  id_to_token(id: number): string | undefined;
  get_vocab(): Map<string, number>;
  get_added_tokens_decoder(): Map<number, { readonly special: boolean }>;
}

/** Text to token ids and back. */
export interface Tokenizer {
  /** Ids of `text`; `addSpecialTokens` (default true) adds what `tokenizer.json`'s post-processor adds. */
  encode(text: string, options?: { readonly addSpecialTokens?: boolean }): number[];
  /** Text of `ids`; special tokens are left out unless `skipSpecialTokens` is false. Unknown ids are passed over. */
  decode(ids: ArrayLike<number>, options?: { readonly skipSpecialTokens?: boolean }): string;
  /** Decodes as ids arrive; a character is given out only once all of its bytes are there. */
  decodeStream(options?: { readonly skipSpecialTokens?: boolean }): DecodeStream;
  /** The highest id + 1, added tokens included (a model's embedding may have more rows). */
  readonly vocabularySize: number;
  readonly bosTokenId: number | null;
  readonly eosTokenId: number | null;
  readonly padTokenId: number | null;
  readonly specialTokenIds: ReadonlySet<number>;
  tokenToId(token: string): number | null;
  idToToken(id: number): string | null;
  readonly hasChatTemplate: boolean;
  /** Renders a conversation; throws {@link ModelFolderError} where the model has no template. */
  applyChatTemplate(messages: readonly ChatMessage[], options?: ChatTemplateOptions): string;
}

/** Loads `tokenizer.json`, and `tokenizer_config.json` and the chat template where they are there. */
export function loadTokenizer(folder: string): Tokenizer {
  const file = join(folder, "tokenizer.json");
  const json = readJson(file);
  const config = readOptionalJson(join(folder, "tokenizer_config.json")) ?? {};
  const inner = openTokenizer(json, config, file);
  const vocabulary = [...inner.get_vocab()];
  const vocabularySize = vocabulary.reduce((size, [, id]) => Math.max(size, id + 1), 0);
  const specialTokenIds = specialIds(inner);
  const names = specialTokenNames(folder, config);
  const template = createChatTemplate(folder, readChatTemplates(folder, config.chat_template), names);
  const idOf = (token: string | undefined) =>
    token === undefined ? null : (inner.token_to_id(token) ?? null);

  const keep = (ids: ArrayLike<number>, skip: boolean) =>
    Array.from(ids).filter((id) => !(skip && specialTokenIds.has(id)) && inner.id_to_token(id) !== undefined);
  const byteTable = usesByteLevel(json) ? createByteTable(inner) : null;
  const cleanUp = config.clean_up_tokenization_spaces === true && byteTable === null;
  const decodeKept = (ids: number[]): string => {
    if (ids.length === 0) return "";
    if (byteTable === null) return inner.decode(ids, { clean_up_tokenization_spaces: cleanUp });
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(Buffer.concat(ids.map(byteTable)));
  };

  return {
    encode: (text, options = {}) => encode(inner, text, options.addSpecialTokens ?? true, file),
    decode: (ids, options = {}) => decodeKept(keep(ids, options.skipSpecialTokens ?? true)),
    decodeStream: (options = {}) => {
      const skip = options.skipSpecialTokens ?? true;
      return createDecodeStream({
        keep: (id) => keep([id], skip).length > 0,
        decode: decodeKept,
        bytes: byteTable,
      });
    },
    vocabularySize,
    bosTokenId: idOf(names.bos_token),
    eosTokenId: idOf(names.eos_token),
    padTokenId: idOf(names.pad_token),
    specialTokenIds,
    tokenToId: idOf,
    idToToken: (id) => inner.id_to_token(id) ?? null,
    hasChatTemplate: template !== null,
    applyChatTemplate(messages, options) {
      if (template !== null) return template(messages, options);
      throw new ModelFolderError({
        file: folder,
        message:
          "expected a chat template, found none (chat_template.jinja, or chat_template in tokenizer_config.json)",
        remedy: "Use a prompt that is plain text, or add a chat_template.jinja",
      });
    },
  };
}

function openTokenizer(
  json: Record<string, unknown>,
  config: Record<string, unknown>,
  file: string,
): InnerTokenizer {
  try {
    return new HuggingFaceTokenizer(json, config);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ModelFolderError(
      {
        file,
        message: `expected a tokenizer that is supported: ${reason}`,
        remedy: "Use a BPE or Unigram tokenizer",
      },
      { cause },
    );
  }
}

function encode(inner: InnerTokenizer, text: string, addSpecialTokens: boolean, file: string): number[] {
  const { ids } = inner.encode(text, { add_special_tokens: addSpecialTokens });
  // The library answers `undefined` for a token that neither is in the vocabulary nor has an unknown token.
  const known = ids.filter((id) => id !== undefined);
  if (known.length === ids.length) return known;
  throw new ModelFolderError({
    file,
    message: `expected every part of ${JSON.stringify(text.slice(0, 60))} in the vocabulary, found some that is not`,
    remedy: "Train the tokenizer with an unknown token or byte fallback",
  });
}

function specialIds(inner: InnerTokenizer): Set<number> {
  const added = inner.get_added_tokens_decoder();
  return new Set([...added].filter(([, token]) => token.special).map(([id]) => id));
}

/** Whether decoding is GPT-2's byte alphabet, alone: then a token's bytes are known without its neighbours. */
function usesByteLevel(json: Record<string, unknown>): boolean {
  const { decoder } = json;
  return typeof decoder === "object" && decoder !== null && "type" in decoder && decoder.type === "ByteLevel";
}

function createByteTable(inner: InnerTokenizer): (id: number) => Uint8Array {
  const known = new Map<number, Uint8Array>();
  return (id) => {
    let bytes = known.get(id);
    if (bytes === undefined) {
      bytes = byteLevelBytes(inner.id_to_token(id) ?? "");
      known.set(id, bytes);
    }
    return bytes;
  };
}

/** `bos_token` and its kind by name: from `tokenizer_config.json`, else `special_tokens_map.json`. */
function specialTokenNames(folder: string, config: Record<string, unknown>): Record<string, string> {
  const map = readOptionalJson(join(folder, "special_tokens_map.json")) ?? {};
  const names: Record<string, string> = {};
  for (const key of ["bos_token", "eos_token", "pad_token", "unk_token"]) {
    const content = tokenContent(config[key]) ?? tokenContent(map[key]);
    if (content !== null) names[key] = content;
  }
  return names;
}

/** A token is written as a string or as `{content, …}`. */
function tokenContent(value: unknown): string | null {
  if (typeof value === "string") return value;
  const content = typeof value === "object" && value !== null && "content" in value ? value.content : null;
  return typeof content === "string" ? content : null;
}
