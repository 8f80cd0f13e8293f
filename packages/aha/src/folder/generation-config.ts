/** How a model wants to be sampled from, and above all which tokens end its answer: `generation_config.json`. */
import { join } from "node:path";
import { z } from "zod";
import { ModelFolderError } from "./errors.ts";
import { readOptionalJson } from "./json-file.ts";
import type { ModelConfig } from "./model-config.ts";

export const GENERATION_CONFIG_FILE = "generation_config.json";

/** Sampling defaults of a model; `null` where the folder states none. */
export interface GenerationConfig {
  /** Every id that ends a completion, from both files of the folder, ascending, without repeats. */
  readonly eosTokenIds: readonly number[];
  readonly bosTokenId: number | null;
  readonly padTokenId: number | null;
  readonly temperature: number | null;
  readonly topP: number | null;
  readonly topK: number | null;
  readonly minP: number | null;
}

const tokenId = z.int().min(0);
const schema = z.looseObject({
  eos_token_id: z.union([tokenId, z.array(tokenId)]).nullish(),
  bos_token_id: tokenId.nullish(),
  pad_token_id: z.int().nullish(),
  temperature: z.number().min(0).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  top_k: z.int().min(0).nullish(),
  min_p: z.number().min(0).max(1).nullish(),
});

type Config = Pick<ModelConfig, "eosTokenIds" | "bosTokenId" | "padTokenId">;

/** Reads a folder's generation settings; without the file, what `config.json` says of special tokens. */
export function readGenerationConfig(folder: string, config: Config): GenerationConfig {
  const file = join(folder, GENERATION_CONFIG_FILE);
  return parseGenerationConfig(readOptionalJson(file) ?? {}, config, file);
}

/** The same for an object that was read already; `file` is for messages. */
export function parseGenerationConfig(
  value: Readonly<Record<string, unknown>>,
  config: Config,
  file: string = GENERATION_CONFIG_FILE,
): GenerationConfig {
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new ModelFolderError({
      file,
      message: `field "${issue?.path.join(".")}": ${issue?.message ?? "invalid"}`,
      remedy: "Correct the field or remove it",
    });
  }
  const fields = parsed.data;
  const eos = fields.eos_token_id ?? [];
  const pad = fields.pad_token_id ?? -1;
  const eosTokenIds = new Set([...config.eosTokenIds, ...(typeof eos === "number" ? [eos] : eos)]);
  return {
    eosTokenIds: [...eosTokenIds].sort((a, b) => a - b),
    bosTokenId: fields.bos_token_id ?? config.bosTokenId,
    padTokenId: pad < 0 ? config.padTokenId : pad,
    temperature: fields.temperature ?? null,
    topP: fields.top_p ?? null,
    topK: fields.top_k ?? null,
    minP: fields.min_p ?? null,
  };
}

/** The contents of `generation_config.json`. What is unset is left out; transformers refuses sampling fields without `do_sample`. */
export function formatGenerationConfig(config: GenerationConfig): Record<string, unknown> {
  const [eos] = config.eosTokenIds;
  const sampling = {
    temperature: config.temperature,
    top_p: config.topP,
    top_k: config.topK,
    min_p: config.minP,
  };
  const samples = Object.values(sampling).some((value) => value !== null) && config.temperature !== 0;
  const fields: Record<string, unknown> = {
    bos_token_id: config.bosTokenId,
    eos_token_id: config.eosTokenIds.length > 1 ? config.eosTokenIds : (eos ?? null),
    pad_token_id: config.padTokenId,
    do_sample: samples ? true : null,
    ...(samples ? sampling : {}),
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}
