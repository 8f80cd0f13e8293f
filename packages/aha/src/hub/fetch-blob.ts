/** One file of a hub into the cache's blobs: taken up where it broke off, and believed only when its hash agrees. */
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream, existsSync, renameSync, rmSync, statSync } from "node:fs";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";
import { setTimeout as wait } from "node:timers/promises";
import { HubError } from "./hub-error.ts";

/** What the hub says of a file. */
export interface RemoteFile {
  readonly path: string;
  readonly url: string;
  readonly size: number;
  /** sha256 of the content for large files, else the SHA-1 of git's blob; also the blob's name in the cache. */
  readonly hash: string;
}

export interface FetchBlobOptions {
  readonly headers: Readonly<Record<string, string>>;
  /** Told how many bytes have arrived, those of earlier tries included. */
  readonly onBytes?: (bytes: number) => void;
  /** How often a broken connection is taken up again; default 5. */
  readonly retries?: number;
  /** Before the first retry, doubled for each one after; default 1,000. */
  readonly retryMilliseconds?: number;
}

/** Fetches into `blob`, by way of `<blob>.incomplete`. Throws HubError where it cannot be had or is not what was promised. */
export async function fetchBlob(file: RemoteFile, blob: string, options: FetchBlobOptions): Promise<void> {
  const incomplete = `${blob}.incomplete`;
  const { retries = 5, retryMilliseconds = 1000 } = options;
  for (let attempt = 0; ; attempt++) {
    try {
      await download(file, incomplete, options);
      break;
    } catch (error) {
      if (error instanceof HubError || attempt >= retries) throw asHubError(file, error);
      await wait(retryMilliseconds * 2 ** attempt);
    }
  }
  const hash = await hashOf(incomplete, file);
  if (hash !== file.hash) {
    rmSync(incomplete, { force: true });
    throw new HubError({
      what: file.path,
      message: `expected content with the hash ${file.hash}, got ${hash}`,
      remedy: "What was fetched is removed; pull again",
    });
  }
  renameSync(incomplete, blob);
}

async function download(file: RemoteFile, incomplete: string, options: FetchBlobOptions): Promise<void> {
  let have = existsSync(incomplete) ? statSync(incomplete).size : 0;
  if (have > file.size) have = 0;
  if (have === file.size && existsSync(incomplete)) return;
  const range = have > 0 ? { Range: `bytes=${have}-` } : {};
  const response = await fetch(file.url, { headers: { ...options.headers, ...range } });
  if (response.status >= 500 || response.status === 429) throw new Error(`status ${response.status}`);
  if (!response.ok || response.body === null) {
    throw new HubError({
      what: file.path,
      message: `the hub answered ${response.status} ${response.statusText}`.trim(),
      remedy: "HF_TOKEN lets you read what is not public; check the id and the revision",
    });
  }
  if (response.status !== 206) have = 0; // the whole file, whatever was asked for
  options.onBytes?.(have);
  const count = new Transform({
    transform(chunk: Uint8Array, _, done) {
      have += chunk.length;
      options.onBytes?.(have);
      done(null, chunk);
    },
  });
  const target = createWriteStream(incomplete, { flags: have > 0 ? "a" : "w" });
  await pipeline(Readable.fromWeb(response.body as ReadableStream), count, target);
  if (have < file.size) throw new Error(`the connection ended after ${have} of ${file.size} bytes`);
}

async function hashOf(path: string, file: RemoteFile): Promise<string> {
  const large = file.hash.length === 64;
  const hash = createHash(large ? "sha256" : "sha1");
  if (!large) hash.update(`blob ${statSync(path).size}\0`);
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}

function asHubError(file: RemoteFile, error: unknown): HubError {
  if (error instanceof HubError) return error;
  const reason = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return new HubError(
    {
      what: file.path,
      message: `could not be fetched: ${reason instanceof Error ? reason.message : reason}`,
      remedy: "What has arrived is kept; pull again to go on from there",
    },
    { cause: error },
  );
}
