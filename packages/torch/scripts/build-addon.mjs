/** Compiles the native addon when its key has changed, and leaves word of it in build/current.json. */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { availableParallelism, freemem } from "node:os";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { planBuild } from "./build-plan.mjs";
import { capture, run } from "./command.mjs";
import { findCompiler } from "./find-compiler.mjs";
import { ensureLibtorch } from "./install-libtorch.mjs";
import { withLock } from "./lock.mjs";
import { buildFolder, currentBuildFile, packageFolder } from "./places.mjs";
import { SetupError } from "./setup-error.mjs";

/** @typedef {import("./find-compiler.mjs").Compiler} Compiler */
/** @typedef {import("./find-libtorch.mjs").FoundLibtorch} FoundLibtorch */
/** @typedef {import("./build-plan.mjs").BuildPlan} BuildPlan */

/**
 * @typedef {object} CurrentBuild what build/current.json holds
 * @property {string} addon the path to load with process.dlopen or require
 * @property {string} key
 * @property {string} nodeAbi process.versions.modules of the Node it was built for
 * @property {string} compiler
 * @property {{ home: string, libraryFolder: string, version: string, build: string, cuda: boolean,
 *   cxx11Abi: number, openmp: string | null, source: string }} libtorch
 * @property {string} builtAt in ISO form
 * @property {number} seconds the build took
 */

/** LibTorch's headers make the compiler take about this much memory for a file. */
const bytesPerCompiler = 1.5e9;

/**
 * @param {{ say?: (line: string) => void, verbose?: boolean, libtorch?: FoundLibtorch }} [options]
 * @returns {Promise<CurrentBuild>}
 * @throws {SetupError} when something is missing, or a source does not compile
 */
export async function buildAddon({ say = () => {}, verbose = false, libtorch } = {}) {
  const found = libtorch ?? (await ensureLibtorch({ say }));
  const compiler = findCompiler();
  return withLock("addon", () => buildLocked(compiler, found, say, verbose), { say });
}

/**
 * @param {Compiler} compiler
 * @param {FoundLibtorch} libtorch
 * @param {(line: string) => void} say
 * @param {boolean} verbose
 * @returns {Promise<CurrentBuild>}
 */
async function buildLocked(compiler, libtorch, say, verbose) {
  const plan = planBuild(compiler, libtorch);
  const current = readCurrentBuild();
  if (current?.key === plan.key && existsSync(plan.addon)) return current;
  const started = performance.now();
  if (!existsSync(plan.addon)) {
    await compileAll(plan, compiler, say, verbose);
    await link(plan, compiler);
    checkLoads(plan.addon);
  }
  const { home, libraryFolder, version, build, cuda, cxx11Abi, openmp, source } = libtorch;
  const seconds = Number(((performance.now() - started) / 1000).toFixed(1));
  /** @type {CurrentBuild} */
  const made = {
    addon: plan.addon,
    key: plan.key,
    nodeAbi: process.versions.modules,
    compiler: compiler.version,
    libtorch: { home, libraryFolder, version, build, cuda, cxx11Abi, openmp, source },
    builtAt: new Date().toISOString(),
    seconds,
  };
  writeFileSync(`${currentBuildFile}.partial`, `${JSON.stringify(made, null, 2)}\n`);
  renameSync(`${currentBuildFile}.partial`, currentBuildFile);
  prune(plan);
  say(`built the addon in ${seconds} s (${relative(packageFolder, plan.addon)})`);
  return made;
}

/**
 * The last build, as its file tells it, without asking whether it is still up to date.
 * @returns {CurrentBuild | undefined}
 */
export function readCurrentBuild() {
  if (!existsSync(currentBuildFile)) return undefined;
  try {
    return JSON.parse(readFileSync(currentBuildFile, "utf8"));
  } catch {
    return undefined; // unreadable: built anew
  }
}

/**
 * Compiles what has no object yet, as many at once as there are cores and memory for.
 * @param {BuildPlan} plan
 * @param {Compiler} compiler
 * @param {(line: string) => void} say
 * @param {boolean} verbose
 */
async function compileAll(plan, compiler, say, verbose) {
  const waiting = plan.units
    .filter(({ object }) => !existsSync(object))
    // The largest first: the last one to finish then tends to be a small one.
    .sort((left, right) => statSync(right.source).size - statSync(left.source).size);
  if (waiting.length === 0) return;
  mkdirSync(join(buildFolder, "objects"), { recursive: true });
  say(`compiling ${waiting.length} of ${plan.units.length} C++ files with ${compiler.version}`);
  if (verbose) say([...compiler.words, ...plan.compileFlags].join(" "));
  const workers = Math.max(1, Math.min(availableParallelism(), Math.floor(freemem() / bytesPerCompiler)));
  const [program = "", ...leading] = compiler.words;
  const work = async () => {
    for (let unit = waiting.shift(); unit !== undefined; unit = waiting.shift()) {
      const started = performance.now();
      const partial = `${unit.object}.${process.pid}.partial`;
      const parameters = [...leading, ...plan.compileFlags, "-c", unit.source, "-o", partial];
      const { ok, output } = await run(program, parameters);
      if (!ok) {
        waiting.length = 0;
        rmSync(partial, { force: true });
        throw compileError(unit.source, output);
      }
      renameSync(partial, unit.object);
      const name = relative(packageFolder, unit.source);
      if (verbose) say(`  ${name} ${((performance.now() - started) / 1000).toFixed(1)} s`);
      if (output.trim() !== "") say(output.trim());
    }
  };
  const results = await Promise.allSettled(Array.from({ length: workers }, work));
  for (const result of results) if (result.status === "rejected") throw result.reason;
}

/**
 * @param {string} source
 * @param {string} output
 */
function compileError(source, output) {
  const name = relative(packageFolder, source);
  if (/Killed|out of memory|cannot allocate memory/i.test(output)) {
    return new SetupError(`The compiler ran out of memory on ${name}.`, [
      "close other programs, or add swap, and run the set-up again",
    ]);
  }
  if (/No space left on device/.test(output)) {
    return new SetupError(`The disk filled up while ${name} was compiled.`, [
      `make room: df -h '${buildFolder}'`,
    ]);
  }
  const lines = output.trim().split("\n");
  const first = Math.max(0, lines.findIndex((line) => /error:/.test(line)) - 2);
  return new SetupError(`${name} does not compile:\n${lines.slice(first, first + 40).join("\n")}`, [
    "if you have not changed it, another compiler may do: CXX=/path/to/g++ npm run setup",
  ]);
}

/**
 * @param {BuildPlan} plan
 * @param {Compiler} compiler
 */
async function link(plan, compiler) {
  mkdirSync(dirname(plan.addon), { recursive: true });
  const [program = "", ...leading] = compiler.words;
  const partial = `${plan.addon}.${process.pid}.partial`;
  const objects = plan.units.map(({ object }) => object);
  const { ok, output } = await run(program, [...leading, ...objects, ...plan.linkFlags, "-o", partial]);
  if (!ok) {
    rmSync(dirname(plan.addon), { recursive: true, force: true });
    throw new SetupError(`The addon does not link:\n${output.trim().slice(-4000)}`, [
      "see what LibTorch was chosen: npm run setup -- --verbose",
    ]);
  }
  renameSync(partial, plan.addon);
}

/**
 * Loads the addon in a process of its own, so that what is missing at run time shows now.
 * @param {string} addon
 */
function checkLoads(addon) {
  const { ok, stderr } = capture(process.execPath, ["-e", "require(process.argv[1])", addon]);
  if (ok) return;
  rmSync(dirname(addon), { recursive: true, force: true });
  const reason = stderr.split("\n").find((line) => /Error:/.test(line)) ?? stderr;
  const remedies = ["choose another LibTorch: LIBTORCH=/path/to/libtorch npm run setup"];
  if (/GLIBCXX|GLIBC_/.test(stderr))
    remedies.unshift("update libstdc++ (the system's, or Conda's: conda install libstdcxx-ng)");
  if (/undefined symbol/.test(stderr))
    remedies.unshift("remove the old builds and try again: rm -r packages/torch/build && npm run setup");
  throw new SetupError(`The addon was built but does not load:\n${reason}`, remedies);
}

/**
 * Removes builds beyond the newest few, and objects that have not been made or used for long.
 * @param {BuildPlan} plan
 */
function prune(plan) {
  const inUse = new Set(plan.units.map(({ object }) => basename(object)));
  const objects = join(buildFolder, "objects");
  for (const name of oldest(objects, 60)) if (!inUse.has(name)) rmSync(join(objects, name), { force: true });
  const isBuild = /^[0-9a-f]{20}$/;
  for (const name of oldest(buildFolder, 4, isBuild)) {
    if (name !== plan.key) rmSync(join(buildFolder, name), { recursive: true, force: true });
  }
}

/**
 * @param {string} folder
 * @param {number} kept how many of the newest to leave out
 * @param {RegExp} [pattern]
 */
function oldest(folder, kept, pattern = /./) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => pattern.test(name))
    .map((name) => ({ name, time: statSync(join(folder, name)).mtimeMs }))
    .sort((left, right) => right.time - left.time)
    .slice(kept)
    .map(({ name }) => name);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const verbose = process.argv.includes("--verbose");
  try {
    const build = await buildAddon({ verbose, say: (line) => console.error(line) });
    console.log(build.addon);
  } catch (error) {
    console.error(error instanceof SetupError ? error.message : error);
    process.exitCode = 1;
  }
}
