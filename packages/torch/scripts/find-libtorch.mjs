/** Finds LibTorch: `$LIBTORCH`, else the active Python's torch, else a system package, else the project's own. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { findActivePython } from "./find-python.mjs";
import { inspectLibtorch, isAtLeast, oldestVersion } from "./inspect-libtorch.mjs";
import { carrierFolder } from "./places.mjs";
import { SetupError } from "./setup-error.mjs";

/** @typedef {import("./inspect-libtorch.mjs").Libtorch} Libtorch */
/** @typedef {"LIBTORCH" | "active Python" | "system package" | "project's own"} Source */
/** @typedef {Libtorch & { source: Source }} FoundLibtorch */

/**
 * Looks in every place, in order, and installs nothing.
 * @param {{ environment?: NodeJS.ProcessEnv, systemPrefixes?: string[], carrier?: string }} [options]
 * @returns {{ libtorch: FoundLibtorch | null, notes: string[] }} notes: what was passed over, and why
 * @throws {SetupError} when `$LIBTORCH` names something that cannot be used
 */
export function findLibtorch({
  environment = process.env,
  systemPrefixes = ["/usr", "/usr/local", "/opt/libtorch", "/opt/homebrew"],
  carrier = carrierFolder,
} = {}) {
  /** @type {string[]} */
  const notes = [];
  const asked = environment.LIBTORCH?.trim();
  if (asked) return { libtorch: inspectAsked(asked), notes };

  const python = findActivePython();
  if (python?.torch) {
    const found = accept(python.torch, "active Python", notes);
    if (found) return { libtorch: found, notes };
  } else {
    notes.push(python ? `${python.executable} has no torch` : "no Python is active");
  }
  for (const prefix of systemPrefixes) {
    if (!existsSync(join(prefix, "include/torch"))) continue;
    const found = accept(prefix, "system package", notes);
    if (found) return { libtorch: found, notes };
  }
  const home = torchFolderOf(carrier);
  const found = home && accept(home, "project's own", notes);
  return { libtorch: found || null, notes };
}

/**
 * The `torch` package inside a virtual environment.
 * @param {string} environmentFolder
 * @returns {string | undefined}
 */
export function torchFolderOf(environmentFolder) {
  const libraries = join(environmentFolder, "lib");
  if (!existsSync(libraries)) return undefined;
  return readdirSync(libraries)
    .map((name) => join(libraries, name, "site-packages/torch"))
    .find((folder) => existsSync(folder));
}

/**
 * @param {string} asked
 * @returns {FoundLibtorch}
 */
function inspectAsked(asked) {
  const home = existsSync(join(asked, "pyvenv.cfg")) ? (torchFolderOf(asked) ?? asked) : asked;
  const result = inspectLibtorch(home);
  const remedies = [
    "point LIBTORCH at a folder with lib/ and include/, such as an unpacked LibTorch or a torch package:",
    "LIBTORCH=$(python3 -c 'import torch, pathlib; print(pathlib.Path(torch.__file__).parent)') npm run setup",
    "or unset LIBTORCH and let set-up find or fetch one",
  ];
  if ("missing" in result) {
    throw new SetupError(`LIBTORCH is "${asked}", which does not do: ${result.missing}.`, remedies);
  }
  if (!isAtLeast(result.libtorch.version, oldestVersion)) {
    throw new SetupError(
      `LIBTORCH is "${asked}", which is version ${result.libtorch.version}; ${oldestVersion} or later is needed.`,
      remedies,
    );
  }
  return { ...result.libtorch, source: "LIBTORCH" };
}

/**
 * @param {string} home
 * @param {Source} source
 * @param {string[]} notes
 * @returns {FoundLibtorch | undefined}
 */
function accept(home, source, notes) {
  const result = inspectLibtorch(home);
  if ("missing" in result) {
    notes.push(`${source}: ${result.missing}`);
    return undefined;
  }
  const { version } = result.libtorch;
  if (!isAtLeast(version, oldestVersion)) {
    notes.push(`${source}: ${home} is version ${version}, older than ${oldestVersion}`);
    return undefined;
  }
  return { ...result.libtorch, source };
}
