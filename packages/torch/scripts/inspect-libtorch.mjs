/** Reads what a folder with LibTorch holds: version, CUDA, C++ ABI, where its headers and libraries are. */
import { existsSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";

/**
 * @typedef {object} Libtorch
 * @property {string} home the folder that was inspected
 * @property {string} version of the release, as in "2.13.0"
 * @property {string} build the version as its maker wrote it, as in "2.13.0+cpu"
 * @property {string[]} includeFolders
 * @property {string} libraryFolder
 * @property {boolean} cuda whether it has CUDA's kernels
 * @property {0 | 1} cxx11Abi the value of _GLIBCXX_USE_CXX11_ABI it was compiled with
 * @property {string | null} openmp the OpenMP runtime it brings with it, which the addon must share
 */

/** The oldest release whose headers and schemas the addon is written for. */
export const oldestVersion = "2.6.0";

const libraryEnding = process.platform === "darwin" ? "dylib" : "so";

/**
 * Accepts an unpacked LibTorch, a Python `torch` package, or an installation prefix such as /usr.
 * @param {string} home
 * @returns {{ libtorch: Libtorch } | { missing: string }} what is there, or what is not
 */
export function inspectLibtorch(home) {
  const include = join(home, "include");
  const versionHeader = [
    join(include, "torch/headeronly/version.h"),
    join(include, "torch/csrc/api/include/torch/version.h"),
  ].find((file) => existsSync(file) && /define TORCH_VERSION_MAJOR/.test(readFileSync(file, "utf8")));
  if (versionHeader === undefined) return { missing: `no LibTorch headers under ${include}` };
  const libraryFolder = libraryFolders(home).find((folder) =>
    ["torch", "torch_cpu", "c10"].every((name) => existsSync(join(folder, `lib${name}.${libraryEnding}`))),
  );
  if (libraryFolder === undefined) {
    return { missing: `no libtorch.${libraryEnding}, libtorch_cpu and libc10 under ${home}` };
  }
  const version = parseVersionHeader(readFileSync(versionHeader, "utf8"));
  if (version === undefined) return { missing: `no version in ${versionHeader}` };
  return {
    libtorch: {
      home: realpathSync(home),
      version,
      build: readBuildVersion(home) ?? version,
      includeFolders: [include, join(include, "torch/csrc/api/include")],
      libraryFolder: realpathSync(libraryFolder),
      cuda: existsSync(join(libraryFolder, `libtorch_cuda.${libraryEnding}`)),
      cxx11Abi: readCxx11Abi(join(libraryFolder, `libc10.${libraryEnding}`)),
      openmp: findOpenmp(libraryFolder),
    },
  };
}

/** @param {string} home */
function libraryFolders(home) {
  const debian = process.arch === "arm64" ? "aarch64-linux-gnu" : "x86_64-linux-gnu";
  return [join(home, "lib"), join(home, "lib", debian), join(home, "lib64")];
}

/**
 * @param {string} text the version header's
 * @returns {string | undefined}
 */
export function parseVersionHeader(text) {
  const [major, minor, patch] = ["MAJOR", "MINOR", "PATCH"].map(
    (part) => new RegExp(`define TORCH_VERSION_${part} (\\d+)`).exec(text)?.[1],
  );
  return major && minor && patch ? `${major}.${minor}.${patch}` : undefined;
}

/** @param {string} home */
function readBuildVersion(home) {
  const python = join(home, "version.py");
  if (existsSync(python)) return /__version__ = '([^']+)'/.exec(readFileSync(python, "utf8"))?.[1];
  const zip = join(home, "build-version");
  return existsSync(zip) ? readFileSync(zip, "utf8").trim() : undefined;
}

/**
 * The name of c10's failure function holds the type of std::string, and with it the ABI.
 * @param {string} library
 * @returns {0 | 1}
 */
function readCxx11Abi(library) {
  return readFileSync(library).includes("torchCheckFailEPKcS2_jRKSs") ? 0 : 1;
}

/**
 * Wheels bring libgomp along, under its own name or one with a hash in it. Two copies in one process would
 * be two thread pools that know nothing of each other, so the addon links to this very file.
 * @param {string} libraryFolder
 */
function findOpenmp(libraryFolder) {
  const name = readdirSync(libraryFolder).find((file) => /^lib(gomp|omp|iomp5)[-.].*(so|dylib)/.test(file));
  return name === undefined ? null : join(libraryFolder, name);
}

/**
 * Whether version `left` is at least version `right`; both dotted numbers.
 * @param {string} left
 * @param {string} right
 */
export function isAtLeast(left, right) {
  const a = left.split(".").map(Number);
  const b = right.split(".").map(Number);
  for (let part = 0; part < 3; part++) {
    const difference = (a[part] ?? 0) - (b[part] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
