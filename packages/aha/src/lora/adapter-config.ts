/** PEFT's `adapter_config.json` of a LoRA adapter (Hu et al. 2021), read and written. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { ModelFolderError } from "../folder/errors.ts";
import { readJson } from "../folder/json-file.ts";
import { isLiteralKey, targetNames } from "./target-modules.ts";

export const ADAPTER_CONFIG_FILE = "adapter_config.json";

/** What all modules of an adapter have in common. */
export interface AdapterSettings {
  /** The base model's folder (or its id on a hub); null where the file does not say. */
  readonly base: string | null;
  readonly rank: number;
  readonly alpha: number;
  /** Probability with which an adapter's input is dropped in supervised training; 0: off. */
  readonly dropout: number;
  /** The update is scaled by alpha / √rank instead of alpha / rank (rsLoRA, Kalajdzievski 2023). */
  readonly rankStabilised: boolean;
}

/** A configuration as a file holds it. */
export interface AdapterConfig extends AdapterSettings {
  /** Null where the file gives a regular expression: the stored tensors tell which modules have an adapter. */
  readonly targetModules: "all-linear" | readonly string[] | null;
  /** Null: all layers. */
  readonly layers: readonly number[] | null;
  /** Ranks and alphas of single modules; the first key that names a module counts. */
  readonly rankPattern: ReadonlyMap<string, number>;
  readonly alphaPattern: ReadonlyMap<string, number>;
  /** Whether it belongs to a sequence classifier, whose head is stored with it. */
  readonly scalar: boolean;
}

const positiveInteger = z.int().positive();
const layer = z.int().nonnegative();
const pattern = <Value extends z.ZodType>(value: Value) => z.record(z.string(), value).nullish();

const fields = z.object({
  peft_type: z.literal("LORA"),
  task_type: z.enum(["CAUSAL_LM", "SEQ_CLS"]).nullish(),
  base_model_name_or_path: z.string().nullish(),
  r: positiveInteger,
  lora_alpha: z.number().positive(),
  lora_dropout: z.number().min(0).lt(1).default(0),
  target_modules: z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]),
  bias: z.literal("none").default("none"),
  use_rslora: z.boolean().default(false),
  rank_pattern: pattern(positiveInteger),
  alpha_pattern: pattern(z.number().positive()),
  // PEFT puts both names in for every classifier.
  modules_to_save: z.array(z.enum(["classifier", "score"])).nullish(),
  layers_to_transform: z.union([layer, z.array(layer)]).nullish(),
  layers_pattern: z.union([z.literal(["layers", ""]), z.array(z.literal("layers"))]).nullish(),
  // How fresh adapters were drawn. Other ways (PiSSA, OLoRA, CorDA) change the base's weights.
  init_lora_weights: z.union([z.boolean(), z.enum(["gaussian", "orthogonal", "eva"])]).default(true),
});

/** Fields that say nothing about what the adapter computes. */
const inert = new Set([
  ...["auto_mapping", "inference_mode", "peft_version", "revision", "runtime_config"],
  ...["megatron_core", "qalora_group_size", "eva_config"],
]);

const saysNothing = (value: unknown): boolean =>
  value === null ||
  value === false ||
  value === "" ||
  (typeof value === "object" && Object.keys(value).length === 0);

/** Whether a folder is an adapter's. */
export const isAdapterFolder = (folder: string): boolean => existsSync(join(folder, ADAPTER_CONFIG_FILE));

/** Reads the configuration of an adapter's folder. Throws {@link ModelFolderError} naming the field that is not supported. */
export function readAdapterConfig(folder: string): AdapterConfig {
  const file = join(folder, ADAPTER_CONFIG_FILE);
  return parseAdapterConfig(readJson(file), file);
}

/** The same for an object that was read already; `file` is for messages. */
export function parseAdapterConfig(
  value: Readonly<Record<string, unknown>>,
  file: string = ADAPTER_CONFIG_FILE,
): AdapterConfig {
  const unsupported = (field: string, reason: string, got: unknown): ModelFolderError =>
    new ModelFolderError({
      file,
      message: `field "${field}" is not supported: ${reason}, got ${JSON.stringify(got) ?? "nothing"}`,
      remedy: `plain LoRA on ${targetNames.join(", ")} can be used, with rsLoRA, ranks and alphas by module`,
    });
  for (const [key, given] of Object.entries(value)) {
    if (Object.hasOwn(fields.shape, key) || inert.has(key) || saysNothing(given)) continue;
    throw unsupported(key, "expected it to be off", given);
  }
  const parsed = fields.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const [field = ""] = issue?.path ?? [];
    throw unsupported(String(field), issue?.message ?? "invalid", value[String(field)]);
  }
  const { data } = parsed;
  const targets = data.target_modules;
  const scalar = data.task_type === "SEQ_CLS";
  const saved = data.modules_to_save ?? [];
  if (!scalar && saved.length > 0) {
    throw unsupported("modules_to_save", 'expected none beside task_type "CAUSAL_LM"', saved);
  }
  const alphas = Object.entries(data.alpha_pattern ?? {});
  const expression = alphas.find(([key]) => !isLiteralKey(key));
  if (expression !== undefined) {
    throw unsupported("alpha_pattern", "expected names of modules, not regular expressions", expression[0]);
  }
  const layers = data.layers_to_transform ?? [];
  const chosen = typeof layers === "number" ? [layers] : layers;
  return {
    base: data.base_model_name_or_path ?? null,
    rank: data.r,
    alpha: data.lora_alpha,
    dropout: data.lora_dropout,
    rankStabilised: data.use_rslora,
    targetModules: typeof targets === "string" && targets !== "all-linear" ? null : targets,
    layers: chosen.length === 0 ? null : chosen,
    rankPattern: new Map(Object.entries(data.rank_pattern ?? {})),
    alphaPattern: new Map(alphas),
    scalar,
  };
}

/** What of an adapter goes into its file. */
export interface WrittenAdapter extends AdapterSettings {
  /** Paths or last names of the modules. */
  readonly targetModules: readonly string[];
  /** By path, where they are not the adapter's. */
  readonly ranks: Readonly<Record<string, number>>;
  readonly alphas: Readonly<Record<string, number>>;
}

/** The contents of `adapter_config.json` as PEFT expects them; `scalar`: of a sequence classifier. */
export function formatAdapterConfig(adapter: WrittenAdapter, scalar = false): Record<string, unknown> {
  return {
    alpha_pattern: adapter.alphas,
    auto_mapping: null,
    base_model_name_or_path: adapter.base,
    bias: "none",
    fan_in_fan_out: false,
    inference_mode: true,
    init_lora_weights: true,
    layers_pattern: null,
    layers_to_transform: null,
    lora_alpha: adapter.alpha,
    lora_dropout: adapter.dropout,
    modules_to_save: scalar ? ["classifier", "score"] : null,
    peft_type: "LORA",
    r: adapter.rank,
    rank_pattern: adapter.ranks,
    revision: null,
    target_modules: adapter.targetModules,
    task_type: scalar ? "SEQ_CLS" : "CAUSAL_LM",
    use_dora: false,
    use_rslora: adapter.rankStabilised,
  };
}
