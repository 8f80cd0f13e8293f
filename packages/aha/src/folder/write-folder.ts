/** Writes everything of a model folder but its weights: configurations, tokenizer files, a model card. */
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type DecoderConfig, formatDecoderConfig } from "./decoder-config.ts";
import { ModelFolderError } from "./errors.ts";
import {
  formatGenerationConfig,
  GENERATION_CONFIG_FILE,
  type GenerationConfig,
} from "./generation-config.ts";
import { formatJson } from "./json-file.ts";
import { CONFIG_FILE } from "./model-config.ts";

/** The files that make up a tokenizer; `tokenizer.json` is the one that must be there. */
export const TOKENIZER_FILES = [
  "tokenizer.json",
  "tokenizer_config.json",
  "chat_template.jinja",
  "special_tokens_map.json",
  "added_tokens.json",
  "vocab.json",
  "merges.txt",
  "tokenizer.model",
] as const;

/** What goes into a folder beside the weights. */
export interface FolderContents {
  /** Null for an adapter's folder, whose base has the configuration. */
  readonly config: DecoderConfig | null;
  readonly generation: GenerationConfig;
  /** The folder whose tokenizer files are copied byte for byte; `null` where there is no tokenizer. */
  readonly tokenizerFolder: string | null;
  readonly card: ModelCard;
}

/** The few facts a reader of the model card needs. */
export interface ModelCard {
  readonly title: string;
  /** What it was trained from and on, and what it is (not) for; Markdown. */
  readonly description: string;
  readonly baseModel?: string;
  readonly license?: string;
  /** What loads the folder in Python; transformers where nothing is said. */
  readonly library?: "transformers" | "peft";
  /** What the model is for, as hubs sort it; text-generation where nothing is said. */
  readonly pipeline?: "text-generation" | "text-classification";
}

/** Makes `folder` where needed and writes into it; the weights are `saveWeights`' part. */
export function writeFolder(folder: string, contents: FolderContents): void {
  mkdirSync(folder, { recursive: true });
  if (contents.tokenizerFolder !== null) copyTokenizer(contents.tokenizerFolder, folder);
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text, { flush: true });
  if (contents.config !== null) write(CONFIG_FILE, formatJson(formatDecoderConfig(contents.config)));
  write(GENERATION_CONFIG_FILE, formatJson(formatGenerationConfig(contents.generation)));
  write("README.md", formatModelCard(contents.card));
}

function copyTokenizer(from: string, to: string): void {
  if (!existsSync(join(from, "tokenizer.json"))) {
    throw new ModelFolderError({
      file: join(from, "tokenizer.json"),
      message: "expected the tokenizer to copy, found no such file",
      remedy: "Name a folder that holds a tokenizer.json",
    });
  }
  for (const name of TOKENIZER_FILES) {
    if (existsSync(join(from, name))) copyFileSync(join(from, name), join(to, name));
  }
}

/** A model card in Hugging Face's form: metadata in YAML, then Markdown. */
export function formatModelCard(card: ModelCard): string {
  const metadata = [
    `library_name: ${card.library ?? "transformers"}`,
    `pipeline_tag: ${card.pipeline ?? "text-generation"}`,
    ...(card.license === undefined ? [] : [`license: ${JSON.stringify(card.license)}`]),
    ...(card.baseModel === undefined ? [] : [`base_model: ${JSON.stringify(card.baseModel)}`]),
    `tags: [aha, ${card.pipeline === "text-classification" ? "reward-model" : "reinforcement-learning"}]`,
  ];
  return `---\n${metadata.join("\n")}\n---\n\n# ${card.title}\n\n${card.description.trim()}\n`;
}
