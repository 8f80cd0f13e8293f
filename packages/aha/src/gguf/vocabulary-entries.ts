/** A Hugging Face folder's tokenizer as GGUF's metadata. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { readJson, readOptionalJson } from "../folder/json-file.ts";
import type { Entry } from "./entries.ts";
import { GgufError } from "./gguf-error.ts";
import { preTokenizers } from "./pre-tokenizers.ts";
import { tokenTypes } from "./vocabulary.ts";

const addedToken = z.looseObject({ id: z.int(), content: z.string(), special: z.boolean().default(false) });
const tokenizerSchema = z.looseObject({
  added_tokens: z.array(addedToken).default([]),
  normalizer: z.unknown(),
  pre_tokenizer: z.unknown(),
  model: z.looseObject({
    type: z.literal("BPE"),
    vocab: z.record(z.string(), z.int()),
    merges: z.array(z.union([z.string(), z.tuple([z.string(), z.string()])])),
    byte_fallback: z.boolean().nullish(),
  }),
});
const named = z.union([z.string(), z.looseObject({ content: z.string() })]).nullish();
const configSchema = z.looseObject({
  ...{ bos_token: named, eos_token: named, pad_token: named, unk_token: named },
  add_bos_token: z.boolean().nullish(),
  chat_template: z.unknown().optional(),
});

/** The keys under `tokenizer.`; `size` is the number of rows of the embedding. Throws GgufError naming what has no counterpart. */
export function vocabularyEntries(folder: string, size: number): Entry[] {
  const file = join(folder, "tokenizer.json");
  const parsed = tokenizerSchema.safeParse(readJson(file));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new GgufError({
      file,
      message: `field "${issue?.path.join(".")}": ${issue?.message}`,
      remedy:
        "Only BPE tokenizers (byte-level, or SentencePiece's with byte fallback) can be written to GGUF",
    });
  }
  const tokenizer = parsed.data;
  const config = configSchema.parse(readOptionalJson(join(folder, "tokenizer_config.json")) ?? {});
  const ids = new Map(Object.entries(tokenizer.model.vocab));
  for (const { content, id } of tokenizer.added_tokens) ids.set(content, id);
  const tokens = Array.from({ length: size }, (_, id) => `[PAD${id}]`);
  const types: number[] = tokens.map(() => tokenTypes.unused);
  for (const [token, id] of ids) {
    tokens[id] = token;
    types[id] =
      /^<0x[0-9A-F]{2}>$/.test(token) && tokenizer.model.byte_fallback ? tokenTypes.byte : tokenTypes.normal;
  }
  for (const { id, special } of tokenizer.added_tokens) {
    types[id] = special ? tokenTypes.control : tokenTypes.userDefined;
  }
  const special = (["bos", "eos", "unk", "pad"] as const).flatMap((kind): Entry[] => {
    const token = config[`${kind}_token`];
    const id = token === null || token === undefined ? undefined : ids.get(textOf(token));
    const name = kind === "unk" ? "unknown" : kind === "pad" ? "padding" : kind;
    return id === undefined ? [] : [{ key: `tokenizer.ggml.${name}_token_id`, type: "uint32", value: id }];
  });
  const template = chatTemplate(folder, config.chat_template);
  return [
    ...modelEntries(tokenizer, tokens, file),
    { key: "tokenizer.ggml.tokens", type: "strings", value: tokens },
    { key: "tokenizer.ggml.token_type", type: "int32s", value: types },
    ...special,
    { key: "tokenizer.ggml.add_bos_token", type: "boolean", value: config.add_bos_token ?? false },
    ...(template === null
      ? []
      : [{ key: "tokenizer.chat_template", type: "string", value: template } as const]),
  ];
}

function textOf(token: string | { readonly content: string }): string {
  return typeof token === "string" ? token : token.content;
}

function modelEntries(
  tokenizer: z.output<typeof tokenizerSchema>,
  tokens: readonly string[],
  file: string,
): Entry[] {
  if (tokenizer.model.byte_fallback) {
    // SentencePiece numbers its pieces by falling score, so that the number stands in for the score.
    return [
      { key: "tokenizer.ggml.model", type: "string", value: "llama" },
      { key: "tokenizer.ggml.scores", type: "float32s", value: tokens.map((_, id) => -id) },
    ];
  }
  const merges = tokenizer.model.merges.map((merge) => (typeof merge === "string" ? merge : merge.join(" ")));
  return [
    { key: "tokenizer.ggml.model", type: "string", value: "gpt2" },
    { key: "tokenizer.ggml.pre", type: "string", value: preTokenizerName(tokenizer.pre_tokenizer, file) },
    { key: "tokenizer.ggml.merges", type: "strings", value: merges },
  ];
}

/** llama.cpp's name of a pre-tokenizer; it knows a fixed list, so that another one cannot be stated in a file. */
function preTokenizerName(settings: unknown, file: string): string {
  for (const [name, { preTokenizer }] of preTokenizers) {
    if (isDeepStrictEqual(essence(settings), essence(preTokenizer))) return name;
  }
  throw new GgufError({
    file,
    message: "the pre_tokenizer is none of those that llama.cpp knows by name",
    remedy: `Known here: ${[...preTokenizers.keys()].join(", ")}. The model can be used from its folder`,
  });
}

/** A pre-tokenizer without what changes no token: offsets, and a sequence around a single step. */
function essence(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(essence);
  if (typeof value !== "object" || value === null) return value;
  const { trim_offsets: _, ...rest } = value as Record<string, unknown>;
  const inner = rest.type === "Sequence" && Array.isArray(rest.pretokenizers) ? rest.pretokenizers : null;
  if (inner?.length === 1) return essence(inner[0]);
  return Object.fromEntries(Object.entries(rest).map(([key, item]) => [key, essence(item)]));
}

function chatTemplate(folder: string, inline: unknown): string | null {
  const path = join(folder, "chat_template.jinja");
  if (existsSync(path)) return readFileSync(path, "utf8");
  return typeof inline === "string" ? inline : null;
}
