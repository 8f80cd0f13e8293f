/** Pulling from an imitation of a hub: whole, resumed, verified, from the cache, and refused. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, test } from "node:test";
import { HubError } from "./hub-error.ts";
import { modelOnDisk } from "./model-on-disk.ts";
import { type PullOptions, pullModel } from "./pull-model.ts";

const sha = "0123456789abcdef0123456789abcdef01234567";
const weights = Uint8Array.from({ length: 300_000 }, (_, index) => (index * 7) % 251);
const contents = new Map<string, Uint8Array>([
  ["config.json", Buffer.from('{"model_type":"llama"}')],
  ["model.safetensors", weights],
  ["pytorch_model.bin", Buffer.from("the same in another format")],
  ["onnx/model.onnx", Buffer.from("and another")],
]);
const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const gitHash = (bytes: Uint8Array): string =>
  createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");

/** What the next answers do: break off, lie, or refuse. */
const faults = { breakAfter: 0, corrupt: false, status: 0, ignoreRange: false };
const asked: { url: string; range: string | undefined; authorization: string | undefined }[] = [];

function answer(request: IncomingMessage, response: ServerResponse): void {
  const url = request.url ?? "";
  asked.push({ url, range: request.headers.range, authorization: request.headers.authorization });
  const json = (value: unknown): void => {
    response.setHeader("Content-Type", "application/json").end(JSON.stringify(value));
  };
  if (url.startsWith("/api/models/owner/name/revision/main")) json({ _id: "1", id: "owner/name", sha });
  else if (url.startsWith(`/api/models/owner/name/tree/${sha}`)) {
    json(
      [...contents].map(([path, bytes]) => ({
        type: "file",
        path,
        size: bytes.length,
        oid: gitHash(bytes),
        ...(path.endsWith("safetensors")
          ? { lfs: { oid: sha256(bytes), size: bytes.length, pointerSize: 130 } }
          : {}),
      })),
    );
  } else if (url.startsWith(`/owner/name/resolve/${sha}/`)) {
    const bytes = contents.get(url.split("/").slice(5).join("/")) ?? assert.fail(url);
    if (faults.status > 0) {
      response.writeHead(faults.status).end();
      faults.status = 0;
      return;
    }
    const start = faults.ignoreRange
      ? 0
      : Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
    response.writeHead(start > 0 ? 206 : 200, { "Content-Length": bytes.length - start });
    const rest = Buffer.from(bytes.subarray(start));
    if (faults.corrupt && rest.length > 100) rest[50] = (rest[50] as number) ^ 1;
    if (faults.breakAfter > 0 && rest.length > faults.breakAfter) {
      response.write(rest.subarray(0, faults.breakAfter), () => setTimeout(() => response.destroy(), 20));
      faults.breakAfter = 0;
    } else response.end(rest);
  } else
    response
      .writeHead(404, { "X-Error-Code": "RepoNotFound" })
      .end(JSON.stringify({ error: "Repository not found" }));
}

const server = createServer(answer);
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const place = mkdtempSync(join(tmpdir(), "aha-hub-"));
after(() => {
  server.close();
  rmSync(place, { recursive: true });
});
afterEach(() => {
  Object.assign(faults, { breakAfter: 0, corrupt: false, status: 0, ignoreRange: false });
  asked.length = 0;
});

let caches = 0;
const freshCache = (): string => join(place, `cache${++caches}`);
const pull = (cacheFolder: string, more: PullOptions = {}): Promise<string> =>
  pullModel("owner/name", { endpoint, cacheFolder, retryMilliseconds: 1, ...more });

test("a model is laid into the cache as Python's tools lay it, without the weights' other formats", async () => {
  const cache = freshCache();
  const progress: number[] = [];
  const folder = await pull(cache, { token: "hf_secret", onProgress: ({ bytes }) => progress.push(bytes) });
  assert.equal(folder, join(cache, "models--owner--name", "snapshots", sha));
  assert.deepEqual(readdirSync(folder).sort(), ["config.json", "model.safetensors"]);
  assert.deepEqual(Uint8Array.from(readFileSync(join(folder, "model.safetensors"))), weights);
  assert.equal(readlinkSync(join(folder, "model.safetensors")), join("..", "..", "blobs", sha256(weights)));
  assert.equal(readFileSync(join(cache, "models--owner--name", "refs", "main"), "utf8"), sha);
  assert.equal(progress.at(-1), weights.length + (contents.get("config.json")?.length ?? 0));
  assert.ok(progress.every((bytes, index) => bytes >= (progress[index - 1] ?? 0)));
  assert.ok(asked.every(({ authorization }) => authorization === "Bearer hf_secret"));
});

test("a second pull fetches no file again", async () => {
  const cache = freshCache();
  await pull(cache);
  asked.length = 0;
  await pull(cache);
  assert.deepEqual(
    asked.filter(({ url }) => url.includes("/resolve/")),
    [],
  );
});

test("a connection that breaks is taken up where it broke, within a pull and by the next one", async () => {
  const cache = freshCache();
  faults.breakAfter = 100_000;
  const folder = await pull(cache);
  const ranges = asked.filter(({ url }) => url.endsWith(".safetensors")).map(({ range }) => range);
  assert.equal(ranges.length, 2);
  assert.match(ranges[1] ?? "", /^bytes=[1-9]\d*-$/);
  assert.deepEqual(Uint8Array.from(readFileSync(join(folder, "model.safetensors"))), weights);

  const other = freshCache();
  await pull(other);
  const blob = join(other, "models--owner--name", "blobs", sha256(weights));
  rmSync(join(other, "models--owner--name", "snapshots"), { recursive: true });
  rmSync(blob);
  writeFileSync(`${blob}.incomplete`, weights.subarray(0, 1234));
  asked.length = 0;
  await pull(other);
  assert.equal(asked.find(({ url }) => url.endsWith(".safetensors"))?.range, "bytes=1234-");
  assert.deepEqual(Uint8Array.from(readFileSync(blob)), weights);
});

test("a server that sends the whole in place of the rest is understood", async () => {
  const cache = freshCache();
  faults.breakAfter = 100_000;
  faults.ignoreRange = true;
  const folder = await pull(cache);
  assert.deepEqual(Uint8Array.from(readFileSync(join(folder, "model.safetensors"))), weights);
});

test("content with another hash is refused and not kept", async () => {
  const cache = freshCache();
  faults.corrupt = true;
  await assert.rejects(pull(cache), /model\.safetensors: expected content with the hash/);
  faults.corrupt = false;
  await pull(cache);
});

test("an overloaded server is asked again, a refusal is told", async () => {
  faults.status = 503;
  await pull(freshCache());
  faults.status = 403;
  await assert.rejects(pull(freshCache()), /config\.json: the hub answered 403 Forbidden.*HF_TOKEN/);
});

test("offline only the cache is asked", async () => {
  const cache = freshCache();
  const folder = await pull(cache);
  process.env.HF_HUB_OFFLINE = "1";
  try {
    asked.length = 0;
    assert.equal(await pull(cache), folder);
    assert.deepEqual(asked, []);
    await assert.rejects(pull(freshCache()), /owner\/name@main: expected a copy in the cache/);
  } finally {
    delete process.env.HF_HUB_OFFLINE;
  }
});

test("a hub id stands for its folder: fetched once, then found without asking; paths stay paths", async () => {
  const cache = freshCache();
  Object.assign(process.env, { HF_ENDPOINT: endpoint, HF_HUB_CACHE: cache });
  try {
    const folder = await modelOnDisk("owner/name");
    assert.deepEqual(readFileSync(join(folder, "model.safetensors")), Buffer.from(weights));
    asked.length = 0;
    assert.equal(await modelOnDisk("owner/name"), folder);
    assert.equal(await modelOnDisk("hf://owner/name"), folder);
    assert.deepEqual(asked, []);
    for (const path of ["models", "./owner/name", "/owner/name", "a/b/c", "../name", place]) {
      assert.equal(await modelOnDisk(path), path);
    }
    await assert.rejects(modelOnDisk("owner/other"), /owner\/other: http.*HF_ENDPOINT/s);
  } finally {
    delete process.env.HF_ENDPOINT;
    delete process.env.HF_HUB_CACHE;
  }
});

test("wrong ids and absent models are told", async () => {
  await assert.rejects(pullModel("name only"), HubError);
  await assert.rejects(
    pullModel("owner/other", { endpoint, cacheFolder: freshCache() }),
    /owner\/other: http/,
  );
});
