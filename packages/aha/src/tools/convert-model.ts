/** Converts a model between a Hugging Face folder and a GGUF file, whichever way the paths say. */
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parseGenerationConfig } from "../folder/generation-config.ts";
import { formatJson } from "../folder/json-file.ts";
import { saveWeights } from "../folder/weights.ts";
import { writeFolder } from "../folder/write-folder.ts";
import { GgufError } from "../gguf/gguf-error.ts";
import { readGguf } from "../gguf/read-gguf.ts";
import { type WrittenFormat, writeGguf, writtenFormats } from "../gguf/write-gguf.ts";

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
 * `model.gguf` to a new folder, or a folder to a new `.gguf` file; says in one line what was made. The target appears whole
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
