/** Rows of Parquet files, one row group in memory at a time. */
import zlib from "node:zlib";
import type { JsonValue } from "@aha/verify";
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from "hyparquet";
import { DataError } from "./data-error.ts";
import { type DataRow, isColumns } from "./data-row.ts";

type Decompress = (input: Uint8Array) => Uint8Array;

/**
 * Codecs beyond Snappy (which the reader has itself), as Node.js carries them. Zstandard came to
 * Node.js in 22.15, so that it is looked up by name.
 */
function decompressors(file: string): Record<"GZIP" | "BROTLI" | "ZSTD", Decompress> {
  const zstandard: unknown = Reflect.get(zlib, "zstdDecompressSync");
  return {
    GZIP: (input) => zlib.gunzipSync(input),
    BROTLI: (input) => zlib.brotliDecompressSync(input),
    ZSTD: (input) => {
      const output: unknown = typeof zstandard === "function" ? zstandard(input) : null;
      if (output instanceof Uint8Array) return output;
      throw new DataError({
        source: file,
        expected: "a codec this Node.js has (Snappy, gzip, Brotli, none)",
        got: "Zstandard",
        remedy: "Use Node.js 22.15 or later, or write the file with compression='snappy'.",
      });
    },
  };
}

/**
 * Rows of the file at `file`. Whole numbers come as numbers, or as decimal strings where a number would
 * not be exact; times as ISO 8601; what is absent as null.
 */
export async function* readParquetRows(file: string): AsyncGenerator<DataRow> {
  const compressors = decompressors(file);
  let number = 0;
  try {
    const buffer = await asyncBufferFromFile(file);
    const metadata = await parquetMetadataAsync(buffer);
    for (const group of metadata.row_groups) {
      const rowStart = number;
      const rowEnd = rowStart + Number(group.num_rows);
      const rows: unknown[] = await parquetReadObjects({
        file: buffer,
        metadata,
        compressors,
        rowStart,
        rowEnd,
      });
      for (const row of rows) {
        number += 1;
        const columns = toJson(row);
        if (isColumns(columns)) yield { columns, source: `${file}:row ${number}` };
      }
    }
  } catch (cause) {
    if (cause instanceof DataError) throw cause;
    const got = cause instanceof Error ? cause.message : String(cause);
    throw new DataError(
      { source: file, expected: "a Parquet file", got, remedy: "Check that the file was fetched whole." },
      { cause },
    );
  }
}

function toJson(value: unknown): JsonValue {
  if (value === null || value === undefined) return null;
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
  if (typeof value === "bigint") {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : String(value);
  }
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (ArrayBuffer.isView(value) && Symbol.iterator in value)
    return Array.from(value as Iterable<unknown>, toJson);
  if (Array.isArray(value)) return value.map(toJson);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toJson(item)]));
}
