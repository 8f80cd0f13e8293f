/** Set-up, from a fresh clone to a compiled addon: npm packages, bubblewrap, LibTorch, the addon; quick when all is there. */

import { createHash } from "node:crypto";
import { existsSync, readFileSync, statfsSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { buildAddon } from "../packages/torch/scripts/build-addon.mjs";
import { run } from "../packages/torch/scripts/command.mjs";
import { isNodeNewEnough } from "../packages/torch/scripts/doctor.mjs";
import { findCompiler } from "../packages/torch/scripts/find-compiler.mjs";
import { ensureLibtorch } from "../packages/torch/scripts/install-libtorch.mjs";
import { withLock } from "../packages/torch/scripts/lock.mjs";
import { SetupError } from "../packages/torch/scripts/setup-error.mjs";
import { ensureBubblewrap } from "./install-bubblewrap.mjs";

const workspace = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const manifestLock = join(workspace, "package-lock.json");
const installedLock = join(workspace, "node_modules/.package-lock.json");
const stampFile = join(workspace, "node_modules/.aha-stamp");

/** @param {string} line */
const say = (line) => console.error(`setup: ${line}`);

/** @param {{ verbose: boolean }} options */
async function setUp({ verbose }) {
  if (!isNodeNewEnough()) {
    throw new SetupError(`Node.js ${process.version} is too old; 20 or later is needed.`, [
      "install a newer one from nodejs.org, or: nvm install 22",
    ]);
  }
  findCompiler(); // asked first, so that nothing is fetched for a machine that cannot compile
  if (!areNpmPackagesInstalled()) {
    await withLock("npm", async () => (areNpmPackagesInstalled() ? undefined : installNpmPackages()), {
      say,
    });
  }
  await ensureBubblewrap({ say });
  const libtorch = await ensureLibtorch({ say });
  const build = await buildAddon({ say, verbose, libtorch });
  const kind = libtorch.cuda ? "CUDA" : "CPU";
  const summary = `LibTorch ${libtorch.build} (${kind}, ${libtorch.source}), addon ${build.key}`;
  say(verbose ? `${summary}\nsetup: LibTorch in ${libtorch.home}\nsetup: addon ${build.addon}` : summary);
}

/** True where the packages answer the lock file: by our stamp, or because npm installed after it was written. */
function areNpmPackagesInstalled() {
  if (!existsSync(installedLock)) return false;
  if (!existsSync(manifestLock)) return true;
  if (existsSync(stampFile) && readFileSync(stampFile, "utf8") === lockHash()) return true;
  if (statSync(installedLock).mtimeMs < statSync(manifestLock).mtimeMs) return false;
  writeFileSync(stampFile, lockHash());
  return true;
}

function lockHash() {
  return createHash("sha256").update(readFileSync(manifestLock)).digest("hex");
}

async function installNpmPackages() {
  const { bavail, bsize } = statfsSync(workspace);
  if (bavail * bsize < 0.5e9) {
    throw new SetupError(
      `${workspace} has ${((bavail * bsize) / 1e9).toFixed(2)} GB free; 0.5 GB is needed.`,
      [`make room: df -h '${workspace}'`],
    );
  }
  const common = ["--include=dev", "--prefer-offline", "--no-audit", "--no-fund"];
  let parameters = existsSync(manifestLock) ? ["ci", ...common] : ["install", ...common];
  let { ok, output } = await runNpm(parameters);
  if (!ok && /EUSAGE/.test(output)) {
    // `npm ci` refuses a lock file that leaves out other platforms' optional packages; `npm install` does not.
    parameters = ["install", "--no-save", ...common];
    ({ ok, output } = await runNpm(parameters));
  }
  if (!ok) throw explainNpm(output, parameters);
  if (existsSync(manifestLock)) writeFileSync(stampFile, lockHash());
}

/** @param {string[]} parameters */
async function runNpm(parameters) {
  say(`npm ${parameters.join(" ")}`);
  const script = process.env.npm_execpath;
  // Under another package manager the variable names that one.
  const [program, ...leading] =
    script && /npm-cli\.c?js$/.test(script) ? [process.execPath, script] : ["npm"];
  return run(program ?? "npm", [...leading, ...parameters], { folder: workspace, show: true });
}

/**
 * @param {string} output
 * @param {string[]} parameters
 */
function explainNpm(output, parameters) {
  if (/ENOSPC/.test(output))
    return new SetupError("The disk filled up while npm installed.", ["make room: df -h ."]);
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENOTCACHED/.test(output)) {
    return new SetupError("npm could not reach its registry, and the packages are not installed yet.", [
      "go online, or set npm's registry or proxy (npm config get registry), then: npm run setup",
    ]);
  }
  if (/ENOENT.*spawn npm|spawn npm ENOENT/.test(output)) {
    return new SetupError("npm was not found beside Node.js.", ["Debian, Ubuntu: sudo apt-get install npm"]);
  }
  return new SetupError(`npm failed:\n${output.trim().split("\n").slice(-15).join("\n")}`, [
    `mend what npm names, then: npm ${parameters.join(" ")}`,
  ]);
}

try {
  await setUp({ verbose: process.argv.includes("--verbose") });
} catch (error) {
  console.error(error instanceof SetupError ? `\nSet-up stopped. ${error.message}` : error);
  process.exitCode = 1;
}
