/** Rows of comma-separated values (RFC 4180): quoted fields may hold commas, line ends and doubled quotes. */
import { DataError } from "./data-error.ts";

/** One record and the line it begins on, counted from 1. */
export interface CsvRecord {
  readonly fields: readonly string[];
  readonly line: number;
}

/**
 * The records of `text`, blank lines left out. One pass over the text. Throws `DataError` where a quoted field is
 * never closed or goes on behind its closing quote.
 */
export function* parseCsv(text: string, source: string): Generator<CsvRecord> {
  let position = text.startsWith("\uFEFF") ? 1 : 0;
  let line = 1;
  while (position < text.length) {
    const record: { fields: string[]; line: number } = { fields: [], line };
    for (;;) {
      const field =
        text[position] === '"' ? quotedField(text, position, source, line) : plainField(text, position);
      record.fields.push(field.value);
      line += field.lines;
      position = field.end;
      if (text[position] !== ",") break;
      position += 1;
    }
    if (text[position] === "\r") position += 1;
    if (text[position] === "\n") position += 1;
    line += 1;
    if (record.fields.length > 1 || record.fields[0] !== "") yield record;
  }
}

interface Field {
  readonly value: string;
  /** Where the comma, the line's end or the text's end stands. */
  readonly end: number;
  /** Line feeds within the field. */
  readonly lines: number;
}

const endOfField = /[,\r\n]/g;

function plainField(text: string, start: number): Field {
  endOfField.lastIndex = start;
  const end = endOfField.exec(text)?.index ?? text.length;
  return { value: text.slice(start, end), end, lines: 0 };
}

function quotedField(text: string, start: number, source: string, line: number): Field {
  const parts: string[] = [];
  let from = start + 1;
  for (;;) {
    const quote = text.indexOf('"', from);
    if (quote < 0) throw broken(source, line, "a quoted field that is never closed");
    parts.push(text.slice(from, quote));
    if (text[quote + 1] !== '"') {
      const end = quote + 1;
      if (end < text.length && !/[,\r\n]/.test(text.charAt(end))) {
        throw broken(source, line, `${JSON.stringify(text.charAt(end))} behind a closing quote`);
      }
      const value = parts.join('"');
      return { value, end, lines: value.split("\n").length - 1 };
    }
    from = quote + 2;
  }
}

function broken(source: string, line: number, got: string): DataError {
  return new DataError({
    source: `${source}:${line}`,
    expected: "comma-separated values as of RFC 4180",
    got,
    remedy: "Double the quotes within quoted fields, and close each.",
  });
}
