/** Converts a model between a Hugging Face folder and a GGUF file, whichever way the paths say; merges LoRA adapters. */
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parseGenerationConfig } from "../folder/generation-config.ts";
import { formatJson } from "../folder/json-file.ts";
import { saveWeights } from "../folder/weights.ts";
import { writeFolder } from "../folder/write-folder.ts";
import { GgufError } from "../gguf/gguf-error.ts";
import { readGguf } from "../gguf/read-gguf.ts";
import { type WrittenFormat, writeGguf, writtenFormats } from "../gguf/write-gguf.ts";
import { isAdapterFolder } from "../lora/adapter-config.ts";
import { baseFolder } from "../models/load-model.ts";
import { mergeAdapter } from "../models/merge-adapter.ts";

export const folderDtypes = ["bfloat16", "float16", "float32"] as const;
export type FolderDtype = (typeof folderDtypes)[number];
export const fileFormats = Object.keys(writtenFormats) as WrittenFormat[];

export interface ConvertOptions {
  /** The dtype of a folder's weights; default bfloat16. */
  readonly dtype?: FolderDtype;
  /** The format of a GGUF file's matrices; default Q8_0. */
  readonly format?: WrittenFormat;
}

/**
 * `model.gguf` to a new folder, a folder to a new `.gguf` file, or an adapter's folder to either, merged; says in one line what was made. The target appears whole
 * or not at all. Throws GgufError or ModelFolderError.
 */
export async function convertModel(from: string, to: string, options: ConvertOptions = {}): Promise<string> {
  if (existsSync(to)) {
    throw new GgufError({
      file: to,
      message: "expected a path where nothing is yet, found something there",
      remedy: "Choose another path, or remove it first",
    });
  }
  if (isAdapterFolder(from) && baseFolder(from) !== from) return fromAdapter(from, to, options);
  if (from.endsWith(".gguf")) return toFolder(from, to, options.dtype ?? "bfloat16");
  if (to.endsWith(".gguf")) {
    const format = options.format ?? "Q8_0";
    writeGguf(from, to, format);
    return `${to}: ${format}, from ${from}`;
  }
  throw new GgufError({
    file: to,
    message: "expected one of the two paths to end in .gguf, found neither",
    remedy: "aha convert model.gguf folder, or aha convert folder model.gguf",
  });
}

/** An adapter and its base as one model, in a folder or a file. */
function fromAdapter(from: string, to: string, { dtype, format = "Q8_0" }: ConvertOptions): string {
  const whole = `${to}.${process.pid}.merged.partial`; // writeGguf has its own
  try {
    mergeAdapter(from, whole, dtype === undefined ? {} : { dtype });
    if (to.endsWith(".gguf")) writeGguf(whole, to, format);
    else renameSync(whole, to);
  } finally {
    rmSync(whole, { recursive: true, force: true });
  }
  return `${to}: ${baseFolder(from)} with the adapter ${from} merged${to.endsWith(".gguf") ? `, ${format}` : ""}`;
}

async function toFolder(file: string, folder: string, dtype: FolderDtype): Promise<string> {
  const model = await readGguf(file);
  const config = { ...model.config, dtype };
  const formats = Object.entries(model.formats).map(([name, count]) => `${count} × ${name}`);
  const partial = `${folder}.${process.pid}.partial`;
  try {
    mkdirSync(partial, { recursive: true });
    writeFolder(partial, {
      config,
      generation: parseGenerationConfig({}, config),
      tokenizerFolder: null,
      card: {
        title: model.title,
        description: `Converted from \`${basename(file)}\` (tensors: ${formats.join(", ")}) to ${dtype}.`,
        ...(model.license === null ? {} : { license: model.license }),
      },
    });
    writeFileSync(join(partial, "tokenizer.json"), formatJson(model.tokenizer.tokenizer));
    writeFileSync(join(partial, "tokenizer_config.json"), formatJson(model.tokenizer.config));
    saveWeights(partial, model.weights(dtype));
    renameSync(partial, folder);
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    throw error;
  }
  return `${folder}: ${config.family}, ${config.layers} layers, ${dtype}, from ${formats.join(", ")}`;
}
