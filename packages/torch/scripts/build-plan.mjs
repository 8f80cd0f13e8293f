/** Works out, without compiling, how the addon is to be built: flags, objects and the key that names a build. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { buildFolder, nativeFolder } from "./places.mjs";
import { SetupError } from "./setup-error.mjs";

/** @typedef {import("./find-compiler.mjs").Compiler} Compiler */
/** @typedef {import("./find-libtorch.mjs").FoundLibtorch} FoundLibtorch */

/**
 * @typedef {object} BuildPlan
 * @property {string} key names the build: any change of what goes in changes it
 * @property {string} addon the file to be made
 * @property {{ source: string, object: string }[]} units one for each source file
 * @property {string[]} compileFlags
 * @property {string[]} linkFlags
 */

/**
 * @param {Compiler} compiler
 * @param {FoundLibtorch} libtorch
 * @param {string} [sourceFolder]
 * @returns {BuildPlan}
 */
export function planBuild(compiler, libtorch, sourceFolder = nativeFolder) {
  const sources = listFiles(sourceFolder).filter((file) => file.endsWith(".cc"));
  if (sources.length === 0) {
    throw new SetupError(`There is no C++ source (*.cc) under ${sourceFolder}.`, [
      "git checkout packages/torch/native",
    ]);
  }
  const compileFlags = compileFlagsFor(compiler, libtorch, sourceFolder);
  const linkFlags = linkFlagsFor(compiler, libtorch);
  const machine = [
    `node ${process.versions.modules} ${process.arch}`,
    `libtorch ${libtorch.build} ${libtorch.home} cuda=${libtorch.cuda}`,
    `compiler ${compiler.command} ${compiler.version}`,
    `processor ${processorFeatures()}`,
    ...compileFlags,
  ];
  const units = sources.map((source) => {
    // LibTorch's own headers are covered by its version and place.
    const included = [...ownIncludes(source, sourceFolder)].sort().map(hashFile);
    const hash = digest([...machine, relative(sourceFolder, source), hashFile(source), ...included]);
    return { source, object: join(buildFolder, "objects", `${hash}.o`) };
  });
  const key = digest([...machine, ...linkFlags, ...units.map((unit) => unit.object)]);
  return { key, addon: join(buildFolder, key, "aha_torch.node"), units, compileFlags, linkFlags };
}

/**
 * @param {Compiler} compiler
 * @param {FoundLibtorch} libtorch
 * @param {string} sourceFolder
 */
function compileFlagsFor(compiler, libtorch, sourceFolder) {
  const gcc = compiler.kind === "gcc";
  return [
    "-std=c++20",
    "-O3",
    compiler.kind === "gcc" || process.arch === "x64" ? "-march=native" : "-mcpu=native",
    "-fPIC",
    "-DNDEBUG",
    "-Wall",
    "-Wextra",
    ...(gcc ? ["-fno-semantic-interposition", "-fopenmp"] : []),
    `-D_GLIBCXX_USE_CXX11_ABI=${libtorch.cxx11Abi}`,
    "-DNAPI_VERSION=9",
    "-DNODE_GYP_MODULE_NAME=aha_torch",
    ...(libtorch.cuda ? ["-DAHA_LIBTORCH_CUDA=1"] : []),
    `-I${sourceFolder}`,
    `-I${sourceFolder}/gloo-declarations`,
    `-I${findNodeHeaders()}`,
    // As system headers, LibTorch's own warnings stay quiet. /usr/include is searched anyway, and naming it
    // again would put it before the C++ library's.
    ...libtorch.includeFolders
      .filter((folder) => folder !== "/usr/include")
      .flatMap((folder) => ["-isystem", folder]),
  ];
}

/**
 * @param {Compiler} compiler
 * @param {FoundLibtorch} libtorch
 */
function linkFlagsFor(compiler, libtorch) {
  const libraries = [
    "-ltorch",
    "-ltorch_cpu",
    ...(libtorch.cuda ? ["-ltorch_cuda", "-lc10_cuda"] : []),
    "-lc10",
  ];
  const search = [`-L${libtorch.libraryFolder}`, "-Xlinker", "-rpath", "-Xlinker", libtorch.libraryFolder];
  if (process.platform === "darwin") {
    return ["-bundle", "-undefined", "dynamic_lookup", ...search, ...libraries];
  }
  const openmp = compiler.kind === "gcc" ? [libtorch.openmp ?? "-fopenmp"] : [];
  // CUDA's kernels register themselves when their library is loaded; nothing refers to it by name.
  return ["-shared", ...search, "-Wl,--no-as-needed", ...libraries, "-Wl,--as-needed", ...openmp, "-pthread"];
}

/** Node-API's headers: the npm package's, else the Node installation's own. */
export function findNodeHeaders() {
  try {
    const manifest = createRequire(import.meta.url).resolve("node-api-headers/package.json");
    return join(dirname(manifest), "include");
  } catch {
    const own = resolve(dirname(process.execPath), "../include/node");
    if (existsSync(join(own, "node_api.h"))) return own;
    throw new SetupError("Node-API's headers (node_api.h) were not found.", ["npm install"]);
  }
}

/**
 * The files of ours that a source includes, directly or through each other.
 * @param {string} file
 * @param {string} sourceFolder
 * @param {Set<string>} [found]
 * @returns {Set<string>}
 */
export function ownIncludes(file, sourceFolder, found = new Set()) {
  for (const match of readFileSync(file, "utf8").matchAll(/^[ \t]*#[ \t]*include[ \t]*["<]([^">]+)[">]/gm)) {
    const name = match[1] ?? "";
    const path = [join(dirname(file), name), join(sourceFolder, name)].find((candidate) =>
      existsSync(candidate),
    );
    if (path === undefined || found.has(path)) continue;
    found.add(path);
    ownIncludes(path, sourceFolder, found);
  }
  return found;
}

/**
 * All files below a folder, in an order that does not depend on the file system.
 * @param {string} folder
 * @returns {string[]}
 */
function listFiles(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? listFiles(path) : [path];
    })
    .sort();
}

/** What `-march=native` depends on. */
export function processorFeatures() {
  if (existsSync("/proc/cpuinfo")) {
    const flags = /^(?:flags|Features)\s*:\s*(.*)$/m.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1];
    if (flags) return flags;
  }
  return cpus()[0]?.model ?? process.arch;
}

/** @param {string} file */
function hashFile(file) {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}

/** @param {string[]} parts */
function digest(parts) {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 20);
}
