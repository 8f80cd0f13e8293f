/** Fetching from a hub, against a local imitation of one: what is asked for, what lies in the cache, what errors say. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { gsm8k } from "../tasks/gsm8k.ts";
import { DataError } from "./data-error.ts";
import { fetchDataset, localCopy, parseHubId } from "./hub-dataset.ts";

const sha = "0123456789abcdef0123456789abcdef01234567";
const row = (n: number) => `{"question":"${n} + 1?","answer":"#### ${n + 1}"}\n`;
const files: Readonly<Record<string, string>> = {
  "README.md": "# A data set",
  "main/train.jsonl": row(1) + row(2),
  "main/test.jsonl": row(3),
  "socratic/train.jsonl": row(4),
  "broken/a.jsonl": row(5),
};
/** As git names a file's content. */
const hashOf = (text: string): string =>
  createHash("sha1")
    .update(`blob ${Buffer.byteLength(text)}\0${text}`)
    .digest("hex");
const asked: string[] = [];
const tokens = new Set<string | undefined>();

function answer(request: IncomingMessage, response: ServerResponse): void {
  const { pathname } = new URL(request.url ?? "", "http://hub");
  asked.push(pathname);
  tokens.add(request.headers.authorization);
  const json = (value: unknown): void => {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(value));
  };
  const resolve = `/datasets/own/problems/resolve/${sha}/`;
  if (pathname.startsWith("/api/datasets/own/problems/revision/")) {
    json({ _id: "1", id: "own/problems", sha, lastModified: "2031-01-01T00:00:00Z" });
  } else if (pathname === `/api/datasets/own/problems/tree/${sha}`) {
    json(
      Object.entries(files).map(([path, text]) => {
        const oid = hashOf(path === "broken/a.jsonl" ? "other" : text);
        return { type: "file", path, size: text.length, oid };
      }),
    );
  } else if (pathname.startsWith(resolve)) {
    serve(files[pathname.slice(resolve.length)] ?? "", request, response);
  } else {
    response.statusCode = 404;
    json({ error: "Repository not found" });
  }
}

function serve(text: string, request: IncomingMessage, response: ServerResponse): void {
  const bytes = Buffer.from(text);
  const range = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? "");
  response.setHeader("etag", '"1"');
  if (range === null) {
    response.end(bytes);
    return;
  }
  const [start, end] = [Number(range[1]), Math.min(Number(range[2]), bytes.length - 1)];
  response.statusCode = 206;
  response.setHeader("content-range", `bytes ${start}-${end}/${bytes.length}`);
  response.end(bytes.subarray(start, end + 1));
}

const server = createServer(answer);
const cacheFolder = mkdtempSync(join(tmpdir(), "aha-hub-"));
let endpoint = "";
before(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(() => {
  server.close();
  server.closeAllConnections();
  rmSync(cacheFolder, { recursive: true });
});
const dataset = { name: "own/problems", revision: "main" };

test("ids are told from paths", () => {
  assert.deepEqual(parseHubId("openai/gsm8k"), { name: "openai/gsm8k", revision: "main" });
  assert.deepEqual(parseHubId("hf://datasets/a/b@refs/pr/1"), { name: "a/b", revision: "refs/pr/1" });
  for (const path of ["./a/b", "../a", "a", "a/b/c", "/a/b", import.meta.dirname]) {
    assert.equal(parseHubId(path), null, path);
  }
});

test("only the data files of the subset are fetched, once, into the cache the hub's own tools use", async () => {
  const folder = await fetchDataset(dataset, { endpoint, cacheFolder, subset: "main", token: "hf_own" });
  assert.equal(folder, join(cacheFolder, "datasets--own--problems", "snapshots", sha, "main"));
  assert.equal(readFileSync(join(folder, "train.jsonl"), "utf8"), files["main/train.jsonl"]);
  assert.deepEqual(readdirSync(folder).sort(), ["test.jsonl", "train.jsonl"]);
  assert.ok(!existsSync(join(folder, "../socratic")));
  assert.equal(readFileSync(join(cacheFolder, "datasets--own--problems", "refs", "main"), "utf8"), sha);
  assert.ok(tokens.has("Bearer hf_own"));
  const before = asked.filter((path) => path.includes("/resolve/")).length;
  const told: string[] = [];
  const onFile = (path: string) => void told.push(path);
  await fetchDataset(dataset, { endpoint, cacheFolder, subset: "main", onFile });
  await fetchDataset(dataset, { endpoint, cacheFolder, subset: "socratic", onFile });
  assert.deepEqual(told, ["socratic/train.jsonl"], "what is there is not fetched again");
  assert.ok(asked.filter((path) => path.includes("/resolve/")).length > before);
});

test("HF_HUB_OFFLINE reads the cache alone", async () => {
  process.env.HF_HUB_OFFLINE = "1";
  try {
    const folder = await fetchDataset(dataset, {
      endpoint: "http://127.0.0.1:9",
      cacheFolder,
      subset: "main",
    });
    assert.ok(existsSync(join(folder, "test.jsonl")));
    const other = fetchDataset({ name: "own/other", revision: "main" }, { cacheFolder });
    await assert.rejects(other, /own\/other@main: expected a copy in the cache/);
  } finally {
    delete process.env.HF_HUB_OFFLINE;
  }
});

test("what is not to be had is named with the hub and what to do", async () => {
  const cases: ReadonlyArray<readonly [() => Promise<string>, RegExp]> = [
    [
      () => fetchDataset({ name: "own/none", revision: "main" }, { endpoint, cacheFolder }),
      /own\/none@main: .*HF_TOKEN/,
    ],
    [
      () => fetchDataset(dataset, { endpoint, cacheFolder, subset: "extra" }),
      /no JSON, CSV, ZIP or Parquet files below extra/,
    ],
    [
      () => fetchDataset(dataset, { endpoint: "http://127.0.0.1:9", cacheFolder }),
      /at http:\/\/127\.0\.0\.1:9, got /,
    ],
    [
      () => fetchDataset(dataset, { endpoint, cacheFolder, subset: "broken" }),
      /expected content with the hash/,
    ],
    [() => localCopy(join(cacheFolder, "absent/folder/here")), /nothing at that path/],
  ];
  for (const [fetched, message] of cases) {
    await assert.rejects(fetched(), (error: unknown) => {
      assert.ok(error instanceof DataError);
      assert.match(error.message, message);
      return true;
    });
  }
});

test("a task names a hub's dataset as it names a folder", async () => {
  process.env.HF_ENDPOINT = endpoint;
  process.env.HF_HUB_CACHE = cacheFolder;
  try {
    const task = await gsm8k({ path: "own/problems" }).load();
    assert.deepEqual(
      [task.train.length, task.heldOut.length],
      [2, 1],
      "the configuration main, without socratic",
    );
  } finally {
    delete process.env.HF_ENDPOINT;
    delete process.env.HF_HUB_CACHE;
  }
});
