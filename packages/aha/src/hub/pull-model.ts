/** Fetches a model of a hub into the cache that Hugging Face's Python tools use too, and tells where it lies. */
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fetchBlob, type RemoteFile } from "./fetch-blob.ts";
import { HubError } from "./hub-error.ts";

/** Which files make up a model here: safetensors (not the same weights in other formats), configurations, tokenizer, card. */
const WANTED = /^(?:[^/]+\.(?:safetensors|json|jinja|txt|md|gguf)|LICENSE[^/]*|tokenizer\.model)$/;

export interface PullProgress {
  readonly path: string;
  /** Bytes of all files that are here, and of all files. */
  readonly bytes: number;
  readonly totalBytes: number;
}

export interface PullOptions {
  readonly revision?: string;
  /** Default: `HF_ENDPOINT`, else https://huggingface.co. */
  readonly endpoint?: string;
  /** Default: `HF_TOKEN`. */
  readonly token?: string;
  /** Default: as `HF_HUB_CACHE` and `HF_HOME` say, else ~/.cache/huggingface/hub. */
  readonly cacheFolder?: string;
  readonly onProgress?: (progress: PullProgress) => void;
  /** See FetchBlobOptions. */
  readonly retryMilliseconds?: number;
}

/**
 * The folder of the model's snapshot, with every wanted file whole and verified. Where `HF_HUB_OFFLINE` is set only the
 * cache is asked. Throws HubError.
 */
export async function pullModel(id: string, options: PullOptions = {}): Promise<string> {
  const name = /^(?:hf:\/\/)?([\w.-]+\/[\w.-]+)$/.exec(id)?.[1];
  if (name === undefined) {
    throw new HubError({
      what: `"${id}"`,
      message: "expected a model's id such as Qwen/Qwen2.5-0.5B",
      remedy: "Write owner/name, and the revision with --revision",
    });
  }
  const hub = await import("@huggingface/hub");
  const { revision = "main" } = options;
  const cache = options.cacheFolder ?? hub.getHFHubCachePath();
  const storage = join(cache, hub.getRepoFolderName({ type: "model", name }));
  if ((process.env.HF_HUB_OFFLINE ?? "0") !== "0") return cached(storage, name, revision);
  const hubUrl = (options.endpoint ?? process.env.HF_ENDPOINT ?? hub.HUB_URL).replace(/\/$/, "");
  const accessToken = options.token ?? process.env.HF_TOKEN ?? "";
  const access = { hubUrl, ...(accessToken === "" ? {} : { accessToken }) };
  const files: RemoteFile[] = [];
  let sha: string;
  try {
    ({ sha } = await hub.modelInfo({ ...access, name, revision, additionalFields: ["sha"] }));
    for await (const entry of hub.listFiles({ ...access, repo: { type: "model", name }, revision: sha })) {
      const hash = entry.lfs?.oid ?? entry.oid;
      if (entry.type !== "file" || hash === undefined || !WANTED.test(entry.path)) continue;
      const url = `${hubUrl}/${name}/resolve/${sha}/${encodeURIComponent(entry.path)}`;
      files.push({ path: entry.path, url, size: entry.lfs?.size ?? entry.size, hash });
    }
  } catch (error) {
    throw unanswered(name, hubUrl, error);
  }
  const wanted = files.some(({ path }) => path.endsWith(".safetensors"))
    ? files.filter(({ path }) => !path.endsWith(".gguf"))
    : files;
  if (!wanted.some(({ path }) => /\.(?:safetensors|gguf)$/.test(path))) {
    throw new HubError({
      what: name,
      message: `expected weights as safetensors or GGUF, found ${files.length} other files`,
      remedy: "Choose a repository, or a revision, that has them",
    });
  }
  const snapshot = join(storage, "snapshots", sha);
  await fetchAll(wanted, storage, snapshot, accessToken, options);
  mkdirSync(join(storage, "refs", dirname(revision)), { recursive: true });
  writeFileSync(join(storage, "refs", revision), sha);
  return snapshot;
}

async function fetchAll(
  files: readonly RemoteFile[],
  storage: string,
  snapshot: string,
  token: string,
  options: PullOptions,
): Promise<void> {
  const totalBytes = files.reduce((sum, { size }) => sum + size, 0);
  const { retryMilliseconds } = options;
  let before = 0;
  mkdirSync(join(storage, "blobs"), { recursive: true });
  mkdirSync(snapshot, { recursive: true });
  for (const file of files) {
    const tell = (bytes: number): void =>
      options.onProgress?.({ path: file.path, bytes: before + bytes, totalBytes });
    const blob = join(storage, "blobs", file.hash);
    const pointer = join(snapshot, file.path);
    if (!existsSync(pointer)) {
      if (!existsSync(blob)) {
        await fetchBlob(file, blob, {
          headers: token === "" ? {} : { Authorization: `Bearer ${token}` },
          onBytes: tell,
          ...(retryMilliseconds === undefined ? {} : { retryMilliseconds }),
        });
      }
      symlinkSync(relative(dirname(pointer), blob), pointer);
    }
    tell(file.size);
    before += file.size;
  }
}

/** The folder of a model's snapshot in the cache, whole or begun; null where there is none. Asks no hub. */
export async function cachedSnapshot(id: string, revision = "main"): Promise<string | null> {
  const hub = await import("@huggingface/hub");
  const name = id.replace(/^hf:\/\//, "");
  const storage = join(hub.getHFHubCachePath(), hub.getRepoFolderName({ type: "model", name }));
  const snapshot = snapshotIn(storage, revision);
  return existsSync(snapshot) ? snapshot : null;
}

function snapshotIn(storage: string, revision: string): string {
  const reference = join(storage, "refs", revision);
  const sha = existsSync(reference) ? readFileSync(reference, "utf8").trim() : revision;
  return join(storage, "snapshots", sha);
}

function cached(storage: string, name: string, revision: string): string {
  const snapshot = snapshotIn(storage, revision);
  if (existsSync(join(snapshot, "config.json"))) return snapshot;
  throw new HubError({
    what: `${name}@${revision}`,
    message: `expected a copy in the cache, as HF_HUB_OFFLINE asks, found nothing at ${snapshot}`,
    remedy: "Pull it once without HF_HUB_OFFLINE",
  });
}

function unanswered(name: string, hubUrl: string, error: unknown): HubError {
  const reason = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const message = reason instanceof Error && reason.message !== "" ? reason.message : "no answer";
  return new HubError(
    {
      what: name,
      message: `${hubUrl} did not tell of it: ${message}`,
      remedy: "Check the id; HF_ENDPOINT names another hub, HF_TOKEN lets you read what is not public",
    },
    { cause: error },
  );
}
