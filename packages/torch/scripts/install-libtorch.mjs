/** Makes sure LibTorch is there, fetching the pinned one through pip into the project's own environment. */
import { existsSync, readFileSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { capture, run } from "./command.mjs";
import { findLibtorch } from "./find-libtorch.mjs";
import { findActivePython, findCarrierPython, oldestPython } from "./find-python.mjs";
import { withLock } from "./lock.mjs";
import { carrierFolder } from "./places.mjs";
import { SetupError } from "./setup-error.mjs";

/** @typedef {import("./find-libtorch.mjs").FoundLibtorch} FoundLibtorch */
/** @typedef {import("./find-python.mjs").Python} Python */

export const pinnedVersion = "2.13.0";

const gigabyte = 1e9;
/** What pip needs while it downloads and unpacks, generously. */
const spaceNeeded = { cpu: 3 * gigabyte, cuda: 12 * gigabyte };

/** Written last, so that an environment whose making was cut short is known for what it is. */
const completeStamp = "aha-complete.json";

/**
 * @param {{ say?: (line: string) => void }} [options]
 * @returns {Promise<FoundLibtorch>}
 * @throws {SetupError} naming what the machine lacks
 */
export async function ensureLibtorch({ say = () => {} } = {}) {
  const { libtorch, notes } = findLibtorch();
  if (libtorch && (libtorch.source !== "project's own" || isComplete(carrierFolder))) return libtorch;
  return withLock(
    "libtorch",
    async () => {
      const again = findLibtorch().libtorch; // another process may have made it while we waited
      if (again && (again.source !== "project's own" || isCompleteOrAdopted(carrierFolder))) return again;
      for (const note of notes) say(`passed over: ${note}`);
      await makeCarrier(say);
      const made = findLibtorch().libtorch;
      if (made) return made;
      rmSync(carrierFolder, { recursive: true, force: true });
      throw new SetupError(`pip installed torch ${pinnedVersion}, but LibTorch's libraries are not in it.`, [
        "run the set-up again; if it stays so, install a LibTorch and set LIBTORCH to its folder",
      ]);
    },
    { waitMinutes: 60, say },
  );
}

/** @param {string} folder */
function isComplete(folder) {
  return existsSync(join(folder, completeStamp));
}

/**
 * An environment without our stamp, made by hand perhaps, is taken over when its torch imports.
 * @param {string} folder
 */
function isCompleteOrAdopted(folder) {
  if (isComplete(folder)) return true;
  const python = join(folder, "bin/python");
  const { ok, stdout } = capture(python, ["-c", "import torch; print(torch.__version__)"]);
  if (ok) stampComplete(folder, stdout);
  return ok;
}

/**
 * @param {string} folder
 * @param {string} version
 */
function stampComplete(folder, version) {
  writeFileSync(join(folder, completeStamp), `${JSON.stringify({ torch: version })}\n`);
}

/**
 * Makes the environment anew; nothing is left of it when that fails.
 * @param {(line: string) => void} say
 */
async function makeCarrier(say) {
  const python = requirePython();
  rmSync(carrierFolder, { recursive: true, force: true });
  const wantsCuda = hasNvidiaDriver();
  requireSpace(wantsCuda ? spaceNeeded.cuda : spaceNeeded.cpu);
  try {
    say(`making ${carrierFolder} with ${python.executable}`);
    const venv = await run(python.command, ["-m", "venv", carrierFolder]);
    if (!venv.ok) throw new SetupError(`python -m venv failed:\n${tail(venv.output)}`, venvRemedies(python));
    const version = await installTorch(join(carrierFolder, "bin/python"), wantsCuda, say);
    stampComplete(carrierFolder, version);
  } catch (error) {
    rmSync(carrierFolder, { recursive: true, force: true });
    throw error;
  }
}

/** @returns {Python} */
function requirePython() {
  const python = findCarrierPython();
  const oldest = oldestPython.join(".");
  if (python === undefined) {
    const active = findActivePython();
    const found = active ? `only Python ${active.version.join(".")} was found` : "no python3 was found";
    throw new SetupError(`LibTorch comes through Python's pip, and ${found}; ${oldest} or later is needed.`, [
      "Debian, Ubuntu: sudo apt-get install python3 python3-venv      Fedora: sudo dnf install python3",
      "macOS: brew install python",
      "or install LibTorch by other means: LIBTORCH=/path/to/libtorch npm run setup",
    ]);
  }
  if (!python.hasVenv) {
    throw new SetupError(
      `${python.executable} cannot make a virtual environment with pip in it (modules venv and ensurepip).`,
      venvRemedies(python),
    );
  }
  return python;
}

/** @param {Python} python */
function venvRemedies(python) {
  return [
    `Debian, Ubuntu: sudo apt-get install python3-venv      (or python${python.version.join(".")}-venv)`,
    "or install LibTorch by other means: LIBTORCH=/path/to/libtorch npm run setup",
  ];
}

/** Whether an NVIDIA driver answers. */
export function hasNvidiaDriver() {
  return existsSync("/proc/driver/nvidia/version") || capture("nvidia-smi", ["-L"]).ok;
}

/** @param {number} bytes */
function requireSpace(bytes) {
  for (const folder of new Set([dirname(carrierFolder), tmpdir()])) {
    const { bavail, bsize } = statfsSync(folder);
    // pip unpacks in the temporary folder, one wheel at a time: half is enough there.
    const needed = folder === tmpdir() ? bytes / 2 : bytes;
    if (bavail * bsize >= needed) continue;
    const [free, wanted] = [bavail * bsize, needed].map((value) => (value / gigabyte).toFixed(1));
    throw new SetupError(`${folder} has ${free} GB free; fetching LibTorch needs ${wanted} GB.`, [
      folder === tmpdir()
        ? "use another temporary folder: TMPDIR=/path/with/space npm run setup"
        : `make room: df -h '${folder}'; pip cache purge; npm cache clean --force`,
      "or use a LibTorch that is already installed: LIBTORCH=/path/to/libtorch npm run setup",
    ]);
  }
}

/**
 * @param {string} python the environment's
 * @param {boolean} wantsCuda
 * @param {(line: string) => void} say
 * @returns {Promise<string>} the version that pip chose
 */
async function installTorch(python, wantsCuda, say) {
  // Where pip's configuration offers the CPU build, it is asked for by its own name: "+cpu".
  const wishes =
    process.platform === "linux" && !wantsCuda
      ? [`torch==${pinnedVersion}+cpu`]
      : [`torch==${pinnedVersion}`];
  let result = await pipInstall(python, wishes[0] ?? "", say);
  if (!result.ok && process.platform === "linux" && !wantsCuda && isAbsent(result.output)) {
    say(
      "pip's indexes offer no CPU-only build; its default on Linux holds CUDA too, a download of gigabytes.",
    );
    say(`For the CPU build instead, interrupt this and ${cpuHint}`);
    requireSpace(spaceNeeded.cuda);
    result = await pipInstall(python, `torch==${pinnedVersion}`, say);
  }
  if (!result.ok) throw explainPip(result.output);
  const { stdout } = capture(python, ["-m", "pip", "list", "--format=freeze"]);
  return /^torch==(.+)$/m.exec(stdout)?.[1] ?? pinnedVersion;
}

const cpuHint =
  "add PyTorch's CPU wheel index to pip's (pytorch.org, Get Started, names it): " +
  "PIP_EXTRA_INDEX_URL=<that address> npm run setup";

/**
 * @param {string} python
 * @param {string} requirement
 * @param {(line: string) => void} say
 */
async function pipInstall(python, requirement, say) {
  say(`pip install ${requirement}   (with your own pip configuration)`);
  const parameters = ["-m", "pip", "install", "--no-input", "--disable-pip-version-check", requirement];
  return run(python, parameters, { show: true });
}

/** @param {string} output */
function isAbsent(output) {
  return /No matching distribution found/.test(output) && !isOffline(output);
}

/** @param {string} output */
function isOffline(output) {
  return /NewConnectionError|ConnectTimeout|name resolution|Network is unreachable|Max retries exceeded/.test(
    output,
  );
}

/**
 * Turns pip's failure into what to do about it.
 * @param {string} output
 * @param {string} [wanted] what was to be installed
 */
export function explainPip(output, wanted) {
  const other = "or use a LibTorch that is already installed: LIBTORCH=/path/to/libtorch npm run setup";
  const own = wanted === undefined ? [other] : [];
  wanted ??= `LibTorch (torch ${pinnedVersion})`;
  if (/No space left on device/.test(output)) {
    return new SetupError(`The disk filled up while pip fetched ${wanted}.`, [
      "make room (df -h) or use another temporary folder: TMPDIR=/path/with/space npm run setup",
      ...own,
    ]);
  }
  if (isOffline(output)) {
    return new SetupError(
      `pip could not reach its package index, and ${wanted} is not on this machine yet.`,
      [
        "go online, or point pip at a mirror or a folder of wheels: PIP_INDEX_URL=… or PIP_FIND_LINKS=… npm run setup",
        ...own,
      ],
    );
  }
  if (/No matching distribution found/.test(output)) {
    // An index that cannot be reached and one without the package can look the same to pip.
    const nothing = /from versions: none/.test(output);
    return new SetupError(`pip's indexes have no ${wanted} for this Python and platform.`, [
      ...(nothing ? ["see that you are online: pip found no version of it at all"] : []),
      `try a Python that PyTorch has wheels for (${oldestPython.join(".")} to 3.14), or another index: ` +
        "PIP_INDEX_URL=… npm run setup",
      ...own,
    ]);
  }
  return new SetupError(`pip could not install ${wanted}:\n${tail(output)}`, [
    "mend what pip names and run the set-up again",
    ...own,
  ]);
}

/** @param {string} output */
function tail(output) {
  return output.trim().split("\n").slice(-15).join("\n");
}

/** The version written in the project's own environment's stamp, where there is one. */
export function readCarrierStamp() {
  const file = join(carrierFolder, completeStamp);
  return existsSync(file) ? String(JSON.parse(readFileSync(file, "utf8")).torch) : undefined;
}
