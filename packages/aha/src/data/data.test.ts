/** Datasets in every form they come in, and errors that name the file, the line and the column. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { DataError } from "./data-error.ts";
import { parseSplit } from "./data-files.ts";
import type { DataRow } from "./data-row.ts";
import { readExample, recogniseKind } from "./examples.ts";
import { readDataset } from "./read-dataset.ts";
import { readRows } from "./read-rows.ts";

const fixtures = join(import.meta.dirname, "../../test/fixtures");
const shared = join(import.meta.dirname, "../../../../../shared/data");

function makeFolder(files: Record<string, string | Uint8Array>): string {
  const folder = mkdtempSync(join(tmpdir(), "aha-data-"));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(folder, name, ".."), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

function collect(path: string, split?: string): Promise<DataRow[]> {
  return gather(readRows(path, split === undefined ? {} : { split }));
}

async function gather<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** The values of column `n`, which tells rows apart. */
async function numbers(path: string, split?: string): Promise<unknown[]> {
  return (await collect(path, split)).map(({ columns }) => columns.n);
}

const lines = '\uFEFF{"n":1}\r\n\r\n{"n":2,"text":"line\u2028break"}\n  {"n":3}  ';

test("JSON Lines, JSON arrays and their gzipped forms give the same rows", async () => {
  const array = '\n [{"n":1},\n {"n":2},\n{"n":3}]';
  const folder = makeFolder({
    "a.jsonl": lines,
    "b.json": array,
    "c.jsonl.gz": gzipSync(lines),
    "d.json.gz": gzipSync(array),
    "e.json": lines,
    "f.ndjson": lines,
    "empty.jsonl": "",
    "none.json": "[]",
  });
  for (const name of ["a.jsonl", "b.json", "c.jsonl.gz", "d.json.gz", "e.json", "f.ndjson"]) {
    assert.deepEqual(await numbers(join(folder, name)), [1, 2, 3], name);
  }
  assert.deepEqual(await numbers(join(folder, "empty.jsonl")), []);
  assert.deepEqual(await numbers(join(folder, "none.json")), []);
  const rows = await collect(join(folder, "a.jsonl"));
  assert.deepEqual(
    rows.map(({ source }) => source),
    [1, 3, 4].map((line) => `${join(folder, "a.jsonl")}:${line}`),
  );
  assert.equal((await collect(join(folder, "b.json")))[1]?.source, `${join(folder, "b.json")}:row 2`);
});

test("what cannot be read is named with its file and line", async () => {
  const folder = makeFolder({
    "broken.jsonl": '{"n":1}\n{"n":\n',
    "list.jsonl": '{"n":1}\n3\n',
    "broken.json": '[{"n":1},\n{"n":2}\n{"n":3}]',
    "items.json": '[{"n":1}, 2]',
    "cut.jsonl.gz": gzipSync(`{"n":"${"x".repeat(9999)}"}\n`.repeat(9)).subarray(0, 60),
    "not.jsonl.gz": lines,
    "not.parquet": "PAR1 no",
    "table.csv": "n\n1\n",
  });
  const cases: [string, RegExp][] = [
    ["broken.jsonl", /broken\.jsonl:2: expected JSON/],
    ["list.jsonl", /list\.jsonl:2: expected a JSON object.*got 3/],
    ["broken.json", /broken\.json:3: expected JSON/],
    ["items.json", /items\.json:row 2: expected a JSON object/],
    ["cut.jsonl.gz", /cut\.jsonl\.gz:\d+: .*unexpected end of file/],
    ["not.jsonl.gz", /not\.jsonl\.gz:1: .*incorrect header/],
    ["not.parquet", /not\.parquet: expected a Parquet file/],
    ["table.csv", /ends in \.jsonl.*got table\.csv/],
    ["absent.jsonl", /nothing at that path.*hf download/],
  ];
  for (const [name, message] of cases) {
    await assert.rejects(collect(join(folder, name)), (error: unknown) => {
      assert.ok(error instanceof DataError, name);
      assert.match(error.message, message);
      return true;
    });
  }
});

test("a folder's files are chosen by split, by their names or their folders'", async () => {
  const row = (n: number) => JSON.stringify({ n });
  const folder = makeFolder({
    "data/train-00001-of-00002.jsonl": row(2),
    "data/train-00000-of-00002.jsonl": row(1),
    "data/dev.json": `[${row(3)}]`,
    "test/part.jsonl": row(4),
    "contest.jsonl": row(5),
    "dataset_infos.json": "{}",
    ".cache/train.jsonl": "broken",
    "README.md": "read me",
  });
  assert.deepEqual(await numbers(folder), [1, 2]);
  assert.deepEqual(await numbers(folder, "validation"), [3]);
  assert.deepEqual(await numbers(folder, "valid[:9]"), [3]);
  assert.deepEqual(await numbers(folder, "test"), [4]);
  await assert.rejects(collect(folder, "extra"), /split "extra", got test, train, validation/);
  const plain = makeFolder({ "b.jsonl": row(2), "a.jsonl": row(1) });
  assert.deepEqual(await numbers(plain), [1, 2]);
  await assert.rejects(collect(plain, "test"), /files without a split/);
  await assert.rejects(collect(makeFolder({})), /no data files/);
});

test("a split can be cut by rows", async () => {
  const folder = makeFolder({ "train.jsonl": [0, 1, 2, 3, 4].map((n) => JSON.stringify({ n })).join("\n") });
  assert.deepEqual(await numbers(folder, "train[1:3]"), [1, 2]);
  assert.deepEqual(await numbers(folder, "train[:2]"), [0, 1]);
  assert.deepEqual(await numbers(folder, "train[3:]"), [3, 4]);
  assert.deepEqual(await numbers(folder, "train[3:3]"), []);
  assert.deepEqual(parseSplit("test"), { name: "test", start: 0, end: Number.POSITIVE_INFINITY });
  for (const split of ["train[:10%]", "train[-1:]", "", "train[1]"])
    assert.throws(() => parseSplit(split), DataError);
});

test("Parquet in Snappy, gzip and Brotli gives plain JSON values, row group by row group", async () => {
  for (const codec of ["snappy", "gzip", "brotli", "none"]) {
    const rows = await collect(join(fixtures, `rows-${codec}.parquet`));
    assert.deepEqual(
      rows.map(({ columns }) => columns),
      [
        {
          n: 1,
          big: "9007199254740993",
          nums: [1, 2],
          message: [{ role: "user", content: "你好" }],
          flag: true,
          x: 0.5,
        },
        { n: 2, big: 3, nums: [], message: [], flag: null, x: null },
        { n: 3, big: null, nums: null, message: null, flag: false, x: -1.25 },
      ],
      codec,
    );
    assert.match(rows[2]?.source ?? "", /:row 3$/);
  }
});

test("Countdown as TinyZero publishes it", {
  skip: existsSync(shared) ? false : "no ../shared/data",
}, async () => {
  const test = await gather(readDataset(join(shared, "countdown"), "prompt", { split: "test" }));
  assert.equal(test.length, 2001);
  assert.deepEqual(test[0]?.columns.nums, [96, 7, 37, 74]);
  assert.equal(test[0]?.columns.target, 55);
  assert.ok(Array.isArray(test[0]?.prompt));
  assert.equal((await collect(join(shared, "countdown"))).length, 8001);
  assert.equal((await collect(join(shared, "preference/hh-harmless-test.jsonl.gz"))).length, 2312);
  assert.equal((await collect(join(shared, "math/train.json"))).length, 7474);
});

const row = (columns: DataRow["columns"]): DataRow => ({ columns, source: "file:7" });
const messages = [{ role: "user", content: "hi" }];

test("kinds are recognised by their columns", () => {
  assert.equal(recogniseKind(row({ text: "a" })), "language-modelling");
  assert.equal(recogniseKind(row({ messages })), "language-modelling");
  assert.equal(recogniseKind(row({ prompt: "a", answer: 3 })), "prompt");
  assert.equal(recogniseKind(row({ prompt: "a", completion: "b" })), "supervised");
  assert.equal(recogniseKind(row({ prompt: "a", completion: "b", label: false })), "unpaired");
  assert.equal(recogniseKind(row({ prompt: "a", chosen: "b", rejected: "c" })), "preference");
  assert.equal(recogniseKind(row({ chosen: "b", rejected: "c", prompt: null })), "preference");
  assert.throws(() => recogniseKind(row({ question: "a" })), /file:7: .*got columns question/);
});

test("examples are standard or conversational, with tools where there are some", () => {
  const prompt = readExample(row({ prompt: messages, answer: 3 }), "prompt");
  assert.deepEqual(prompt, {
    kind: "prompt",
    prompt: messages,
    columns: { prompt: messages, answer: 3 },
    tools: null,
  });
  const preference = readExample(row({ chosen: "b", rejected: "c" }), "preference");
  assert.equal(preference.prompt, null);
  const unpaired = readExample(row({ prompt: "a", completion: "b", label: false }), "unpaired");
  assert.equal(unpaired.label, false);
  const tools = [{ type: "function" }];
  for (const given of [tools, JSON.stringify(tools)]) {
    assert.deepEqual(readExample(row({ messages, tools: given }), "language-modelling").tools, tools);
  }
  const call = [{ role: "assistant", content: null, tool_calls: [{ id: "1" }] }];
  assert.deepEqual(readExample(row({ messages: call }), "language-modelling").content, call);
});

test("a column that is missing or of another form is named", () => {
  const refused = (columns: DataRow["columns"], kind: Parameters<typeof readExample>[1], message: RegExp) =>
    assert.throws(() => readExample(row(columns), kind), message);
  refused({ question: "a" }, "prompt", /file:7: expected a column "prompt".*got columns question/);
  refused({ prompt: "a" }, "supervised", /column "completion"/);
  refused({ prompt: "a", chosen: "b" }, "preference", /column "rejected"/);
  refused({ prompt: "a", completion: messages }, "supervised", /prompt as text, completion as messages/);
  refused({ prompt: 3 }, "prompt", /"prompt" to be a string or a list.*got 3/);
  refused({ prompt: [{ content: "x" }] }, "prompt", /prompt\[0\]/);
  refused({ prompt: ["x"] }, "prompt", /prompt\[0\]/);
  refused({ prompt: "a", completion: "b", label: 1 }, "unpaired", /"label" to be true or false/);
  refused({ text: "a", tools: "none" }, "language-modelling", /"tools"/);
});
