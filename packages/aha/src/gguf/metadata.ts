/** GGUF's keys and values, read with the type that is expected of each. */
import { GgufError } from "./gguf-error.ts";

/** The keys of one file. */
export class Metadata {
  readonly file: string;
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(file: string, values: Readonly<Record<string, unknown>>) {
    this.file = file;
    this.#values = values;
  }

  #fault(key: string, expected: string): GgufError {
    const value = this.#values[key];
    const shown = Array.isArray(value) ? `a list of ${value.length}` : `${value ?? "no such key"}`;
    return new GgufError({
      file: this.file,
      message: `metadata "${key}": expected ${expected}, found ${shown}`,
      remedy: "Convert the model to GGUF again with a recent llama.cpp",
    });
  }

  has(key: string): boolean {
    return this.#values[key] !== undefined;
  }
  optionalNumber(key: string): number | null {
    const value = this.#values[key];
    if (value === undefined || value === null) return null;
    const number = typeof value === "bigint" ? Number(value) : value;
    if (typeof number !== "number") throw this.#fault(key, "a number");
    return number;
  }
  number(key: string): number {
    return this.optionalNumber(key) ?? this.#throw(key, "a number");
  }
  optionalString(key: string): string | null {
    const value = this.#values[key];
    if (value === undefined || value === null) return null;
    return typeof value === "string" ? value : this.#throw(key, "a text");
  }
  string(key: string): string {
    return this.optionalString(key) ?? this.#throw(key, "a text");
  }
  boolean(key: string): boolean {
    return this.#values[key] === true;
  }
  strings(key: string): readonly string[] {
    const value = this.#values[key];
    if (!Array.isArray(value) || !value.every((item) => typeof item === "string")) {
      throw this.#fault(key, "a list of texts");
    }
    return value;
  }
  optionalNumbers(key: string): readonly number[] | null {
    const value = this.#values[key];
    if (value === undefined || value === null) return null;
    if (!Array.isArray(value)) throw this.#fault(key, "a list of numbers");
    return value.map(Number);
  }
  #throw(key: string, expected: string): never {
    throw this.#fault(key, expected);
  }
}
