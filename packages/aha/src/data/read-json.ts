/** Rows of JSON and JSON Lines files, plain or gzipped. */
import { createReadStream } from "node:fs";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import type { JsonValue } from "@aha/verify";
import { DataError } from "./data-error.ts";
import { type DataRow, isColumns } from "./data-row.ts";

/**
 * Rows of a file that holds one JSON object a line, or one JSON array of objects (which is told by its
 * first character). Lines are streamed; an array is read whole. Blank lines are passed over.
 */
export async function* readJsonRows(file: string): AsyncGenerator<DataRow> {
  const stream = openText(file);
  let number = 0;
  let array: string[] | null = null;
  try {
    for await (const raw of splitLines(stream)) {
      number += 1;
      const line = number === 1 ? raw.replace(/^\uFEFF/, "") : raw;
      if (array !== null) array.push(line);
      else if (line.trim() === "") continue;
      else if (line.trimStart().startsWith("[")) array = [...Array<string>(number - 1).fill(""), line];
      else yield parseLine(line, `${file}:${number}`);
    }
  } catch (cause) {
    if (cause instanceof DataError) throw cause;
    const got = cause instanceof Error ? cause.message : String(cause);
    const remedy = "Check that the file is readable and was fetched whole.";
    throw new DataError(
      { source: `${file}:${number + 1}`, expected: "text to read", got, remedy },
      { cause },
    );
  } finally {
    stream.destroy();
  }
  if (array !== null) yield* parseArray(array.join("\n"), file);
}

function openText(file: string): Readable {
  const bytes = createReadStream(file);
  if (!file.endsWith(".gz")) return bytes.setEncoding("utf8");
  const text = createGunzip();
  bytes.on("error", (error) => text.destroy(error));
  text.on("close", () => bytes.destroy());
  return bytes.pipe(text).setEncoding("utf8");
}

/**
 * Lines without their endings. Only a line feed ends one: U+2028 may stand within a JSON string, and
 * Node's `readline` would cut there.
 */
async function* splitLines(text: AsyncIterable<string>): AsyncGenerator<string> {
  let pending: string[] = [];
  for await (const chunk of text) {
    const [first = "", ...rest] = chunk.split("\n");
    pending.push(first);
    for (const start of rest) {
      yield withoutReturn(pending.join(""));
      pending = [start];
    }
  }
  const last = pending.join("");
  if (last !== "") yield withoutReturn(last);
}

function withoutReturn(line: string): string {
  return line.endsWith("\r") ? line.slice(0, -1) : line;
}

function parseLine(line: string, source: string): DataRow {
  return toRow(parse(line, source), source);
}

function* parseArray(text: string, file: string): Generator<DataRow> {
  const values = parse(text, file);
  if (!Array.isArray(values)) throw notRows(values, file);
  for (const [index, value] of values.entries()) yield toRow(value, `${file}:row ${index + 1}`);
}

function toRow(value: JsonValue, source: string): DataRow {
  if (!isColumns(value)) throw notRows(value, source);
  return { columns: value, source };
}

function parse(text: string, source: string): JsonValue {
  try {
    const value: JsonValue = JSON.parse(text);
    return value;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const position = /at position (\d+)/.exec(reason)?.[1];
    const multiline = text.includes("\n") && position !== undefined;
    const line = multiline ? `:${text.slice(0, Number(position)).split("\n").length}` : "";
    throw new DataError(
      { source: `${source}${line}`, expected: "JSON", got: reason, remedy: "Correct or remove this line." },
      { cause },
    );
  }
}

function notRows(value: JsonValue, source: string): DataError {
  return new DataError({
    source,
    expected: "a JSON object with the row's columns",
    got: JSON.stringify(value).slice(0, 80),
    remedy: "Each line of JSON Lines, and each item of a JSON array, is one row.",
  });
}
