/** Fetches a hub's dataset into the cache that Hugging Face's own tools use, so that it is read like a local folder. */
import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fetchBlob, type RemoteFile } from "../hub/fetch-blob.ts";
import { DataError } from "./data-error.ts";

/** `owner/name`, or with scheme and revision `hf://datasets/owner/name@main`. */
const HUB_ID = /^(hf:\/\/datasets\/)?([\w.-]+\/[\w.-]+?)(?:@([\w./-]+))?$/;
const DATA_FILE = /\.(parquet|csv|zip|(jsonl|ndjson|json)(\.gz)?)$/;

/** A dataset on a hub. */
export interface HubDataset {
  readonly name: string; // owner/name
  readonly revision: string;
}

export interface HubOptions {
  /** Only files of this folder: the dataset's configuration, such as `main` of openai/gsm8k. */
  readonly subset?: string;
  /** Default: `HF_ENDPOINT`, else https://huggingface.co. */
  readonly endpoint?: string;
  /** Default: `HF_TOKEN`, where a dataset asks for one. */
  readonly token?: string;
  /** Default: as `HF_HUB_CACHE` and `HF_HOME` say, else ~/.cache/huggingface/hub. */
  readonly cacheFolder?: string;
  /** Told of each file before it is fetched. */
  readonly onFile?: (path: string) => void;
}

/** The dataset that `path` names, or null where it is a local path. What exists locally is local. */
export function parseHubId(path: string): HubDataset | null {
  const match = HUB_ID.exec(path);
  if (match?.[2] === undefined) return null;
  if (match[1] === undefined && (existsSync(path) || path.startsWith("."))) return null;
  return { name: match[2], revision: match[3] ?? "main" };
}

/** A local folder for `path`: itself where it is local, else the fetched copy of the hub's dataset. */
export async function localCopy(path: string, options: HubOptions = {}): Promise<string> {
  const dataset = parseHubId(path);
  if (dataset !== null) return fetchDataset(dataset, options);
  const folder = options.subset === undefined ? path : join(path, options.subset);
  if (statSync(folder, { throwIfNoEntry: false }) !== undefined) return folder;
  throw new DataError({
    source: folder,
    expected: "a data file, a folder of data files, or a hub id such as openai/gsm8k",
    got: "nothing at that path",
    remedy: "Correct the path, or write hf://datasets/owner/name.",
  });
}

/**
 * Fetches the data files (of one subset) that the cache does not hold yet, each verified by its hash; returns the folder
 * they lie in. With `HF_HUB_OFFLINE=1` only the cache is read. Throws `DataError` naming the hub and what went wrong.
 */
export async function fetchDataset(dataset: HubDataset, options: HubOptions = {}): Promise<string> {
  const hub = await import("@huggingface/hub");
  const { name, revision } = dataset;
  const hubUrl = (options.endpoint ?? process.env.HF_ENDPOINT ?? hub.HUB_URL).replace(/\/$/, "");
  const accessToken = options.token ?? process.env.HF_TOKEN ?? "";
  const access = { hubUrl, ...(accessToken === "" ? {} : { accessToken }) };
  const storage = join(
    options.cacheFolder ?? hub.getHFHubCachePath(),
    hub.getRepoFolderName({ type: "dataset", name }),
  );
  const wanted = (path: string): boolean =>
    DATA_FILE.test(path) && (options.subset === undefined || path.startsWith(`${options.subset}/`));
  const below = (snapshot: string): string =>
    options.subset === undefined ? snapshot : join(snapshot, options.subset);

  if ((process.env.HF_HUB_OFFLINE ?? "0") !== "0") return below(cachedSnapshot(storage, dataset));
  try {
    const { sha } = await hub.datasetInfo({ ...access, name, revision, additionalFields: ["sha"] });
    const snapshot = join(storage, "snapshots", sha);
    const files: RemoteFile[] = [];
    const listing = { ...access, repo: { type: "dataset", name } as const, revision: sha, recursive: true };
    for await (const { type, path, size, oid, lfs } of hub.listFiles(listing)) {
      const hash = lfs?.oid ?? oid;
      if (type !== "file" || hash === undefined || !wanted(path)) continue;
      const place = path.split("/").map(encodeURIComponent).join("/");
      const url = `${hubUrl}/datasets/${name}/resolve/${sha}/${place}`;
      files.push({ path, url, size: lfs?.size ?? size, hash });
    }
    if (files.length === 0) {
      const place = options.subset === undefined ? "" : ` below ${options.subset}/`;
      throw new RangeError(`no JSON, CSV, ZIP or Parquet files${place}`);
    }
    const headers: Record<string, string> =
      accessToken === "" ? {} : { Authorization: `Bearer ${accessToken}` };
    for (const file of files) await fetchFile(file, storage, snapshot, headers, options.onFile);
    mkdirSync(dirname(join(storage, "refs", revision)), { recursive: true });
    writeFileSync(join(storage, "refs", revision), sha);
    return below(snapshot);
  } catch (cause) {
    throw unreachable(dataset, hubUrl, cause);
  }
}

/** The content into the cache's blobs, and a link to it into the snapshot, as Hugging Face's tools lay it out. */
async function fetchFile(
  file: RemoteFile,
  storage: string,
  snapshot: string,
  headers: Readonly<Record<string, string>>,
  onFile: HubOptions["onFile"],
): Promise<void> {
  // The list comes from outside: nothing in it may lead out of the cache.
  if (file.path.split("/").includes("..") || !/^[0-9a-f]{40,64}$/.test(file.hash)) {
    throw new RangeError(`a file called ${file.path} with the hash ${file.hash}`);
  }
  const pointer = join(snapshot, file.path);
  if (existsSync(pointer)) return;
  const blob = join(storage, "blobs", file.hash);
  mkdirSync(dirname(blob), { recursive: true });
  mkdirSync(dirname(pointer), { recursive: true });
  if (!existsSync(blob)) {
    onFile?.(file.path);
    await fetchBlob(file, blob, { headers });
  }
  symlinkSync(relative(dirname(pointer), blob), pointer);
}

function cachedSnapshot(storage: string, { name, revision }: HubDataset): string {
  const reference = join(storage, "refs", revision);
  const sha = existsSync(reference) ? readFileSync(reference, "utf8").trim() : revision;
  const snapshot = join(storage, "snapshots", sha);
  if (existsSync(snapshot)) return snapshot;
  throw new DataError({
    source: `${name}@${revision}`,
    expected: "a copy in the cache, as HF_HUB_OFFLINE asks",
    got: `nothing at ${snapshot}`,
    remedy: "Fetch it once without HF_HUB_OFFLINE, or name a local folder.",
  });
}

function unreachable({ name, revision }: HubDataset, hubUrl: string, cause: unknown): DataError {
  if (cause instanceof DataError) return cause;
  const reason = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  const got = reason instanceof Error ? reason.message : String(reason);
  return new DataError(
    {
      source: `${name}@${revision}`,
      expected: `a local path, or a dataset with data files at ${hubUrl}`,
      got: got === "" ? "no answer" : got,
      remedy:
        "Correct the path or the id; HF_ENDPOINT names another hub, HF_TOKEN lets you read what is not public.",
    },
    { cause },
  );
}
