/** A run's checkpoints: written atomically, found again by the newest that is whole, pruned afterwards. */
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  type FolderWriting,
  filesOfTree,
  removeFolderAtomically,
  removePartials,
  writeFolderAtomically,
} from "./atomic.ts";
import { stepName } from "./rollout-files.ts";

const manifestName = "checkpoint.json";
const namePattern = /^step-(\d{6,})$/;

/** A checkpoint that is whole. */
export interface Checkpoint {
  readonly step: number;
  readonly path: string;
  /** Length of `events.jsonl` when it was made. */
  readonly eventsPosition: number;
}

/** What `checkpoint.json` holds; its presence and its sizes tell that a checkpoint is whole. */
interface Manifest {
  readonly step: number;
  readonly eventsPosition: number;
  readonly files: Readonly<Record<string, number>>; // bytes by path
}

/** What a new checkpoint needs besides its content. */
export interface CheckpointWriting extends FolderWriting {
  readonly step: number;
  readonly eventsPosition: number;
  /** How many of the newest stay; older ones go once the new one is on the disk. */
  readonly keep: number;
}

/**
 * Writes `step-000123/` through a temporary folder, then prunes.
 *
 * @param writer saves the model, the optimiser, generators and cursor into the folder it is given
 * @throws {StorageError} when the disk cannot take it; earlier checkpoints are untouched
 */
export async function saveCheckpoint(
  folder: string,
  writer: (temporaryFolder: string) => void | Promise<void>,
  { step, eventsPosition, keep, ...writing }: CheckpointWriting,
): Promise<Checkpoint> {
  mkdirSync(folder, { recursive: true });
  const previous = latestCheckpoint(folder);
  const path = join(folder, stepName(step));
  await writeFolderAtomically(
    path,
    async (temporary) => {
      await writer(temporary);
      const manifest: Manifest = { step, eventsPosition, files: Object.fromEntries(filesOfTree(temporary)) };
      writeFileSync(join(temporary, manifestName), `${JSON.stringify(manifest, null, 2)}\n`);
    },
    {
      kept:
        previous === undefined
          ? "no checkpoint was replaced"
          : `the checkpoint of step ${previous.step} is whole at ${previous.path}`,
      ...writing,
    },
  );
  pruneCheckpoints(folder, keep);
  return { step, path, eventsPosition };
}

/** Checkpoints that are whole, oldest first; unfinished and damaged ones are left out. */
export function listCheckpoints(folder: string): Checkpoint[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => namePattern.test(name))
    .flatMap((name) => readCheckpoint(join(folder, name)) ?? [])
    .sort((a, b) => a.step - b.step);
}

/** The newest checkpoint that is whole. */
export function latestCheckpoint(folder: string): Checkpoint | undefined {
  return listCheckpoints(folder).at(-1);
}

/** The checkpoint in a folder, or undefined where it is not whole. */
export function readCheckpoint(path: string): Checkpoint | undefined {
  const manifestPath = join(path, manifestName);
  if (!existsSync(manifestPath)) return undefined;
  let manifest: unknown;
  try {
    manifest = JSON.parse(readFileSync(manifestPath, "utf8"));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined; // A torn manifest means an unfinished copy.
    throw error;
  }
  if (!isManifest(manifest)) return undefined;
  const whole = Object.entries(manifest.files).every(
    ([name, bytes]) => statSync(join(path, name), { throwIfNoEntry: false })?.size === bytes,
  );
  return whole ? { step: manifest.step, path, eventsPosition: manifest.eventsPosition } : undefined;
}

/** Removes all but the newest `keep` whole checkpoints. */
export function pruneCheckpoints(folder: string, keep: number): void {
  for (const { path } of listCheckpoints(folder).slice(0, -Math.max(1, keep))) removeFolderAtomically(path);
}

/** Removes what a killed run left half-written; only under the run's lock. */
export function cleanCheckpoints(folder: string): void {
  if (existsSync(folder)) removePartials(folder);
}

function isManifest(value: unknown): value is Manifest {
  return (
    typeof value === "object" &&
    value !== null &&
    "step" in value &&
    typeof value.step === "number" &&
    "eventsPosition" in value &&
    typeof value.eventsPosition === "number" &&
    "files" in value &&
    typeof value.files === "object" &&
    value.files !== null
  );
}
