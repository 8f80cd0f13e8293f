/** Reads and writes the small JSON files of a model folder. */
import { existsSync, readFileSync } from "node:fs";
import { ModelFolderError } from "./errors.ts";

/** The object in a JSON file, or `null` where there is no such file. */
export function readOptionalJson(path: string): Record<string, unknown> | null {
  return existsSync(path) ? readJson(path) : null;
}

/** The object in a JSON file; throws {@link ModelFolderError} where it is missing or not an object in JSON. */
export function readJson(path: string): Record<string, unknown> {
  if (!existsSync(path)) {
    throw new ModelFolderError({
      file: path,
      message: "expected this file, found none",
      remedy: "Check that the model folder is complete",
    });
  }
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8").replace(/^\uFEFF/, ""));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ModelFolderError(
      {
        file: path,
        message: `expected JSON, got: ${reason}`,
        remedy: "Fetch the file again",
      },
      { cause },
    );
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new ModelFolderError({
      file: path,
      message: "expected a JSON object at the top",
      remedy: "Fetch the file again",
    });
  }
  return Object.fromEntries(Object.entries(value));
}

/** As Hugging Face's own tools lay these files out: two spaces, a line break at the end. */
export function formatJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
