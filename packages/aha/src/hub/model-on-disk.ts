/** Where a model that a recipe or a command names lies on this machine: a folder, or a hub's model in the cache. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { formatBytes } from "../run/storage-error.ts";
import { cachedSnapshot, type PullProgress, pullModel } from "./pull-model.ts";

const HUB_ID = /^(?:hf:\/\/)?([\w.-]+)\/[\w.-]+$/;

/** Whether the name can only be a hub's id: owner/name, where neither such a path nor a folder of the owner's name is here. */
export function isHubId(name: string): boolean {
  const owner = HUB_ID.exec(name)?.[1];
  if (owner === undefined || owner === "." || owner === "..") return false;
  return name.startsWith("hf://") || !(existsSync(name) || existsSync(owner));
}

/** One line on standard error for each tenth of what is fetched. */
function toldInTenths(name: string): (progress: PullProgress) => void {
  let told = -1;
  return ({ bytes, totalBytes }) => {
    const tenth = Math.floor((10 * bytes) / Math.max(1, totalBytes));
    if (tenth === told) return;
    told = tenth;
    process.stderr.write(`Fetching ${name}: ${formatBytes(bytes)} of ${formatBytes(totalBytes)}\n`);
  };
}

/**
 * The folder of the model. A hub's id is looked up in the cache that Hugging Face's tools share, and fetched where it is not
 * there yet, told of on standard error; paths are returned as they are. Throws HubError.
 */
export async function modelOnDisk(name: string): Promise<string> {
  if (!isHubId(name)) return name;
  const cached = await cachedSnapshot(name);
  if (cached !== null && existsSync(join(cached, "config.json"))) return cached;
  return pullModel(name, { onProgress: toldInTenths(name) });
}
