/** Comma-separated values and ZIP archives: what is in them, and what damaged ones say. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { DataError } from "./data-error.ts";
import { parseCsv } from "./read-csv.ts";
import { readZip } from "./read-zip.ts";

const zipFixture = join(import.meta.dirname, "../tasks/fixtures/mmlu.zip");
const folder = mkdtempSync(join(tmpdir(), "aha-csv-"));
after(() => rmSync(folder, { recursive: true }));

const fieldsOf = (text: string) => [...parseCsv(text, "file.csv")].map(({ fields }) => fields);

test("quotes hold commas, quotes and line ends; blank lines are passed over", () => {
  assert.deepEqual(fieldsOf('\uFEFFa,b\r\n\r\n"x, ""y""","1\n2"\n,\n"",z'), [
    ["a", "b"],
    ['x, "y"', "1\n2"],
    ["", ""],
    ["", "z"],
  ]);
  assert.deepEqual(fieldsOf(""), []);
  const lines = [...parseCsv('a\n"b\nc"\nd', "file.csv")].map(({ line }) => line);
  assert.deepEqual(lines, [1, 2, 4]);
});

test("a quote that is not closed, or is followed by more, is named with its line", () => {
  assert.throws(() => fieldsOf('a\nb,"c\nd'), /file\.csv:2: .*never closed/);
  assert.throws(() => fieldsOf('"a"b'), /file\.csv:1: .*"b" behind a closing quote/);
});

test("many quotes take time in proportion", () => {
  assert.equal(fieldsOf(`"${'""'.repeat(500_000)}"`)[0]?.[0]?.length, 500_000);
});

test("a ZIP's files are read, stored or deflated; folders are left out", () => {
  const entries = readZip(zipFixture);
  assert.deepEqual(
    entries.map(({ name }) => name),
    ["dev", "val", "test"].map((split) => `data/${split}/little_quiz_${split}.csv`),
  );
  assert.match(entries[0]?.read().toString() ?? "", /^"What is 1/);
  assert.match(entries[2]?.read().toString() ?? "", /^"Who said/);
});

test("a damaged archive is named, and none claims more than it holds", () => {
  const bytes = readFileSync(zipFixture);
  const write = (name: string, content: Uint8Array): string => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
  assert.throws(() => readZip(write("cut.zip", bytes.subarray(0, 200))), DataError);
  assert.throws(() => readZip(write("none.zip", Buffer.alloc(30))), /none\.zip: expected a ZIP archive/);
  const hollow = Buffer.from(bytes);
  const directory = hollow.lastIndexOf(Buffer.from("PK\u0001\u0002"));
  hollow.writeUInt32LE(3, directory + 24); // the last file's size
  const last = readZip(write("larger.zip", hollow)).at(-1);
  assert.throws(() => last?.read(), DataError);
});
