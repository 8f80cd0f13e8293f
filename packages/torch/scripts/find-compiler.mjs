/** Finds a C++20 compiler: `$CXX`, else g++, else clang++. */
import { capture } from "./command.mjs";
import { SetupError } from "./setup-error.mjs";

/**
 * @typedef {object} Compiler
 * @property {string} command the program, with its leading words where `$CXX` had several (`ccache g++`)
 * @property {string[]} words `command` split for spawning
 * @property {"gcc" | "clang" | "apple-clang"} kind
 * @property {number} major
 * @property {string} version the whole first line of `--version`
 */

/** The oldest major versions whose C++20 is enough for LibTorch's headers and ours. */
export const oldestMajor = { gcc: 11, clang: 14, "apple-clang": 14 };

/**
 * @param {NodeJS.ProcessEnv} [environment]
 * @returns {Compiler}
 * @throws {SetupError} when no compiler is there, or only one that is too old
 */
export function findCompiler(environment = process.env) {
  const asked = environment.CXX?.trim();
  const tooOld = [];
  for (const command of asked ? [asked] : ["g++", "clang++", "c++"]) {
    const compiler = inspectCompiler(command);
    if (compiler === undefined) continue;
    if (compiler.major >= oldestMajor[compiler.kind]) return compiler;
    tooOld.push(`${command} is ${compiler.version}`);
  }
  const remedies = [
    "Debian, Ubuntu: sudo apt-get install g++",
    "Fedora: sudo dnf install gcc-c++      macOS: xcode-select --install",
    "or name another compiler: CXX=/path/to/g++ npm run setup",
  ];
  if (tooOld.length > 0) {
    throw new SetupError(
      `The C++ compiler is too old: ${tooOld.join("; ")}. g++ 11 or clang++ 14 or later is needed.`,
      remedies,
    );
  }
  throw new SetupError(
    asked
      ? `CXX names "${asked}", which is not a C++ compiler that runs here.`
      : "No C++ compiler was found (looked for g++, clang++ and c++).",
    remedies,
  );
}

/**
 * @param {string} command
 * @returns {Compiler | undefined} undefined where the command is no GCC or Clang
 */
export function inspectCompiler(command) {
  const words = command.split(/\s+/).filter((word) => word !== "");
  const [program, ...leading] = words;
  if (program === undefined) return undefined;
  const { ok, stdout } = capture(program, [...leading, "--version"]);
  if (!ok) return undefined;
  const parsed = parseCompilerVersion(stdout);
  return parsed && { command, words, ...parsed };
}

/**
 * Reads the kind and major version from what `--version` printed.
 * @param {string} text
 * @returns {{ kind: Compiler["kind"], major: number, version: string } | undefined}
 */
export function parseCompilerVersion(text) {
  const version = text.split("\n", 1)[0] ?? "";
  const clang = /clang version (\d+)/.exec(text);
  if (clang) {
    return { kind: /Apple/.test(version) ? "apple-clang" : "clang", major: Number(clang[1]), version };
  }
  // A distribution's own number may come first, in brackets: "g++ (Debian 12.2.0-14) 12.2.0".
  const gcc = /Free Software Foundation/.test(text) ? /\)\s+(\d+)\.\d+/.exec(version) : null;
  return gcc ? { kind: "gcc", major: Number(gcc[1]), version } : undefined;
}
