/** What is left on disk when writing is cut short: by a kill, or by a disk that is full. */
import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, mock, test } from "node:test";
import { removePartials, writeFileAtomically, writeFolderAtomically } from "./atomic.ts";
import { latestCheckpoint, listCheckpoints, saveCheckpoint } from "./checkpoints.ts";
import { JsonLineError, JsonLineWriter, readJsonLines } from "./json-lines.ts";
import { asStorageError, formatBytes, StorageError } from "./storage-error.ts";

const root = mkdtempSync(join(tmpdir(), "aha-storage-"));
after(() => rmSync(root, { recursive: true }));

function freshFolder(name: string): string {
  const path = join(root, name);
  mkdirSync(path);
  return path;
}

const noSpace = () => Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
const values = (path: string) => [...readJsonLines(path)].map(({ value }) => value);

test("a file is replaced whole, and a failure leaves the old one and no rubbish", () => {
  const folder = freshFolder("file");
  const path = join(folder, "a.json");
  writeFileAtomically(path, "old");
  writeFileAtomically(path, "new");
  assert.equal(readFileSync(path, "utf8"), "new");
  mkdirSync(join(folder, "taken"));
  assert.throws(() => writeFileAtomically(join(folder, "taken"), "x"));
  assert.deepEqual(readdirSync(folder).sort(), ["a.json", "taken"]);
});

test("a folder appears whole or not at all", async () => {
  const folder = freshFolder("folder");
  const path = join(folder, "model");
  await writeFolderAtomically(path, (temporary) => writeFileSync(join(temporary, "weights"), "one"));
  const failing = writeFolderAtomically(path, (temporary) => {
    writeFileSync(join(temporary, "weights"), "half");
    throw noSpace();
  });
  await assert.rejects(failing, (error) => {
    assert.ok(error instanceof StorageError);
    assert.match(error.message, /no space left on the device \(ENOSPC\); 4 bytes needed, .* free/);
    assert.match(error.message, /Nothing is lost: what was there before is as it was\. .*--resume/);
    return true;
  });
  assert.equal(readFileSync(join(path, "weights"), "utf8"), "one");
  assert.deepEqual(readdirSync(folder), ["model"]);
});

test("too little space is told before anything is written", async () => {
  const folder = freshFolder("early");
  const writer = mock.fn();
  const writing = { expectedBytes: 5_000_000, freeBytes: () => 1_000_000 };
  const failing = writeFolderAtomically(join(folder, "model"), writer, writing);
  await assert.rejects(failing, /4\.77 MB needed, 977 KB free/);
  assert.equal(writer.mock.callCount(), 0);
});

test("errors that are not about storage pass as they are", () => {
  const error = new TypeError("other");
  assert.equal(asStorageError(error, "x", "y"), error);
  assert.equal(formatBytes(1536), "1.50 KB");
});

test("a line that a full device refuses is a storage error", { skip: !existsSync("/dev/full") }, () => {
  const writer = new JsonLineWriter("/dev/full", "append");
  assert.throws(() => writer.append({ step: 1 }), StorageError);
  writer.close();
});

test("a torn last line is left out, a broken one inside is an error, long lines cross chunks", () => {
  const path = join(root, "lines.jsonl");
  const long = "é".repeat(100_000);
  writeFileSync(path, `${JSON.stringify(long)}\n{"a":1}\n{"b":`);
  assert.deepEqual(values(path), [long, { a: 1 }]);
  writeFileSync(path, '{"a":1}\n{"b":\n{"c":1}\n');
  assert.throws(() => values(path), JsonLineError);
  assert.throws(() => values(path), /lines\.jsonl:2/);
});

const save = (folder: string, step: number, keep: number, content = "weights") =>
  saveCheckpoint(folder, (temporary) => writeFileSync(join(temporary, "model.bin"), content), {
    step,
    eventsPosition: step * 10,
    keep,
  });

test("the newest whole checkpoint is found; unfinished and damaged ones are passed over", async () => {
  const folder = freshFolder("checkpoints");
  for (const step of [1, 2, 3]) await save(folder, step, 2);
  assert.deepEqual(
    listCheckpoints(folder).map(({ step }) => step),
    [2, 3],
  );
  writeFileSync(join(folder, "step-000003", "model.bin"), "torn");
  assert.deepEqual(latestCheckpoint(folder), {
    step: 2,
    path: join(folder, "step-000002"),
    eventsPosition: 20,
  });
  mkdirSync(join(folder, "step-000009"));
  mkdirSync(join(folder, ".step-000008.partial-1-abc"));
  assert.equal(latestCheckpoint(folder)?.step, 2);
  removePartials(folder);
  assert.equal(existsSync(join(folder, ".step-000008.partial-1-abc")), false);
});

test("a checkpoint that fails leaves all earlier ones and names the newest", async () => {
  const folder = freshFolder("failing");
  await save(folder, 1, 1);
  const failing = saveCheckpoint(
    folder,
    () => {
      throw noSpace();
    },
    { step: 2, eventsPosition: 0, keep: 1 },
  );
  await assert.rejects(failing, /the checkpoint of step 1 is whole at .*step-000001/);
  assert.deepEqual(readdirSync(folder), ["step-000001"]);
});

test("a checkpoint of the same step replaces the earlier one", async () => {
  const folder = freshFolder("same");
  await save(folder, 1, 1, "one");
  await save(folder, 1, 1, "another");
  assert.equal(readFileSync(join(folder, "step-000001", "model.bin"), "utf8"), "another");
  assert.deepEqual(readdirSync(folder), ["step-000001"]);
});
