/** Collects what this machine has of all that Aha needs, and prints it; works before anything is built. */
import { existsSync, readFileSync, statfsSync } from "node:fs";
import { availableParallelism, cpus, freemem, totalmem } from "node:os";
import { join } from "node:path";
import { readCurrentBuild } from "./build-addon.mjs";
import { planBuild, processorFeatures } from "./build-plan.mjs";
import { capture } from "./command.mjs";
import { findCompiler } from "./find-compiler.mjs";
import { findLibtorch } from "./find-libtorch.mjs";
import { findActivePython } from "./find-python.mjs";
import { pinnedVersion } from "./install-libtorch.mjs";
import { workspaceFolder } from "./places.mjs";
import { SetupError } from "./setup-error.mjs";

/** @typedef {import("./find-compiler.mjs").Compiler} Compiler */
/** @typedef {import("./find-libtorch.mjs").FoundLibtorch} FoundLibtorch */

/**
 * @typedef {object} Facts plain data, for `--json` as it is
 * @property {{ version: string, abi: string, ok: boolean }} node
 * @property {{ installed: boolean }} packages npm's
 * @property {{ command: string, version: string } | null} compiler
 * @property {{ executable: string, version: string, hasVenv: boolean } | null} python
 * @property {{ source: string, home: string, version: string, build: string, cuda: boolean } | null} libtorch
 * @property {string[]} passedOver the LibTorches that were not taken, and why
 * @property {{ state: "ready" | "out of date" | "not built" | "cannot be built", key: string | null,
 *   path: string | null, builtAt: string | null }} addon
 * @property {{ model: string, cores: number, features: Record<string, boolean> }} processor
 * @property {{ totalBytes: number, freeBytes: number }} memory
 * @property {{ freeBytes: number }} disk of the folder the project is in
 * @property {{ name: string, driver: string, memoryMebibytes: number }[]} gpus
 * @property {{ problem: string, remedies: string[] }[]} problems what has to be mended
 */

/** @returns {Facts} */
export function collect() {
  /** @type {Facts["problems"]} */
  const problems = [];
  /**
   * @template T
   * @param {() => T} work
   * @returns {T | null}
   */
  const attempt = (work) => {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof SetupError)) throw error;
      problems.push({ problem: error.problem, remedies: error.remedies });
      return null;
    }
  };
  const node = { version: process.version, abi: process.versions.modules, ok: isNodeNewEnough() };
  if (!node.ok) {
    problems.push({
      problem: `Node.js ${process.version} is too old.`,
      remedies: ["install Node.js 20 or later"],
    });
  }
  const installed = existsSync(join(workspaceFolder, "node_modules/.package-lock.json"));
  if (!installed)
    problems.push({ problem: "The npm packages are not installed.", remedies: ["npm run setup"] });
  const compiler = attempt(() => findCompiler());
  const python = findActivePython() ?? null;
  const found = attempt(() => findLibtorch());
  const libtorch = found?.libtorch ?? null;
  if (found && !libtorch) {
    problems.push({
      problem: `There is no LibTorch on this machine yet (PyTorch ${pinnedVersion} will be fetched through pip).`,
      remedies: ["npm run setup", "or use one you have: LIBTORCH=/path/to/libtorch npm run setup"],
    });
  }
  const addon = attempt(() => describeAddon(compiler, libtorch)) ?? cannotBeBuilt();
  if (addon.state === "not built" || addon.state === "out of date") {
    problems.push({ problem: `The native addon is ${addon.state}.`, remedies: ["npm run setup"] });
  }
  const { bavail, bsize } = statfsSync(workspaceFolder);
  return {
    node,
    packages: { installed },
    compiler: compiler && { command: compiler.command, version: compiler.version },
    python: python && {
      executable: python.executable,
      version: python.version.join("."),
      hasVenv: python.hasVenv,
    },
    libtorch: libtorch && {
      source: libtorch.source,
      home: libtorch.home,
      version: libtorch.version,
      build: libtorch.build,
      cuda: libtorch.cuda,
    },
    passedOver: found?.notes ?? [],
    addon,
    processor: describeProcessor(),
    memory: { totalBytes: totalmem(), freeBytes: availableMemory() },
    disk: { freeBytes: bavail * bsize },
    gpus: findGpus(),
    problems,
  };
}

export function isNodeNewEnough() {
  return Number.parseInt(process.versions.node, 10) >= 20;
}

/** @returns {Facts["addon"]} */
function cannotBeBuilt() {
  return { state: "cannot be built", key: null, path: null, builtAt: null };
}

/**
 * @param {Compiler | null} compiler
 * @param {FoundLibtorch | null} libtorch
 * @returns {Facts["addon"]}
 */
function describeAddon(compiler, libtorch) {
  const current = readCurrentBuild();
  const built = current !== undefined && existsSync(current.addon);
  const facts = {
    key: current?.key ?? null,
    path: current?.addon ?? null,
    builtAt: current?.builtAt ?? null,
  };
  if (compiler === null || libtorch === null) {
    // A built addon still loads on a machine that has lost its compiler.
    return built ? { state: "ready", ...facts } : cannotBeBuilt();
  }
  if (!built) return { state: "not built", key: null, path: null, builtAt: null };
  return { state: current.key === planBuild(compiler, libtorch).key ? "ready" : "out of date", ...facts };
}

/** @returns {Facts["processor"]} */
function describeProcessor() {
  const flags = new Set(processorFeatures().split(" "));
  return {
    model: cpus()[0]?.model ?? "unknown",
    cores: availableParallelism(),
    features: {
      avx2: flags.has("avx2"),
      avx512: flags.has("avx512f"),
      avx512_bf16: flags.has("avx512_bf16"),
      amx_bf16: flags.has("amx_bf16"),
      neon: flags.has("asimd") || process.arch === "arm64",
    },
  };
}

/** Linux counts the cache it would give up as available; `freemem` does not. */
function availableMemory() {
  if (!existsSync("/proc/meminfo")) return freemem();
  const kibibytes = /^MemAvailable:\s+(\d+) kB/m.exec(readFileSync("/proc/meminfo", "utf8"))?.[1];
  return kibibytes ? Number(kibibytes) * 1024 : freemem();
}

/** @returns {Facts["gpus"]} */
function findGpus() {
  const query = ["--query-gpu=name,driver_version,memory.total", "--format=csv,noheader,nounits"];
  const { ok, stdout } = capture("nvidia-smi", query);
  if (!ok) return [];
  return stdout.split("\n").map((line) => {
    const [name = "", driver = "", memory = ""] = line.split(",").map((field) => field.trim());
    return { name, driver, memoryMebibytes: Number(memory) };
  });
}

/**
 * One fact a line, then what has to be mended.
 * @param {Facts} facts
 * @returns {string}
 */
export function format(facts) {
  const { node, compiler, python, libtorch, addon, processor, memory, disk, gpus } = facts;
  const features = Object.entries(processor.features).flatMap(([name, has]) => (has ? [name] : []));
  /** @param {number} bytes */
  const gigabytes = (bytes) => `${(bytes / 1e9).toFixed(1)} GB`;
  const rows = [
    ["Node.js", `${node.version} (ABI ${node.abi})`],
    ["npm packages", facts.packages.installed ? "installed" : "not installed"],
    ["compiler", compiler ? `${compiler.command}: ${compiler.version}` : "none"],
    [
      "Python",
      python ? `${python.version} (${python.executable})${python.hasVenv ? "" : ", no venv"}` : "none",
    ],
    [
      "LibTorch",
      libtorch ? `${libtorch.build}, ${libtorch.cuda ? "CUDA" : "CPU"}, ${libtorch.source}` : "none",
    ],
    ...(libtorch ? [["", libtorch.home]] : []),
    ...facts.passedOver.map((note) => ["", `passed over: ${note}`]),
    ["addon", addon.key ? `${addon.state} (${addon.key}, ${addon.builtAt})` : addon.state],
    [
      "processor",
      `${processor.model}, ${processor.cores} cores${features.length ? `, ${features.join(" ")}` : ""}`,
    ],
    ["memory", `${gigabytes(memory.freeBytes)} available of ${gigabytes(memory.totalBytes)}`],
    ["disk", `${gigabytes(disk.freeBytes)} free`],
    ["GPU", gpus.map((gpu) => `${gpu.name}, driver ${gpu.driver}`).join("; ") || "no NVIDIA driver answers"],
  ];
  const lines = rows.map(([name = "", value = ""]) => `${name.padEnd(13)} ${value}`);
  const mending = facts.problems.map(({ problem, remedies }) =>
    [problem, ...remedies.map((remedy) => `  → ${remedy}`)].join("\n"),
  );
  return [...lines, "", ...(mending.length > 0 ? mending : ["Everything is in place."])].join("\n");
}
