/** Where the package pyodide lies, and how Node.js is started for it: with as little allowed as it can live with. */
import { existsSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { SandboxError } from "../sandbox-error.ts";

/** Throws SandboxError where it is not installed. */
export function pyodidePackage(): string {
  const require = createRequire(import.meta.url);
  try {
    return dirname(realpathSync(require.resolve("pyodide/package.json")));
  } catch {
    throw new SandboxError(
      "the package pyodide is not installed; install it (npm install pyodide) or bubblewrap",
    );
  }
}

/** The package that Pyodide itself imports, beside it or above. */
function websocketPackage(pyodide: string): string[] {
  const require = createRequire(join(pyodide, "package.json"));
  try {
    return [dirname(realpathSync(require.resolve("ws/package.json")))];
  } catch {
    return [];
  }
}

/** Whether a process sends the host its memory once it is started, starts from such memory, or neither. */
export type SnapshotRole = "make" | "use" | "none";

/** Node.js's whole command line for one interpreter of `megabytes`. */
export function nodeParameters(megabytes: number, role: SnapshotRole): string[] {
  const here = dirname(realpathSync(fileURLToPath(import.meta.url)));
  const pyodide = pyodidePackage();
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const settled = major > 23 || (major === 23 && minor >= 5) || (major === 22 && minor >= 13);
  const readable = [here, pyodide, ...websocketPackage(pyodide)];
  // Where the loader looks for the type of a file: the package.json of the folders above.
  const manifests = readable.flatMap(manifestsAbove);
  return [
    settled ? "--permission" : "--experimental-permission",
    ...readable.map((folder) => `--allow-fs-read=${folder}${sep}*`),
    ...[...new Set(manifests)].map((file) => `--allow-fs-read=${file}`),
    "--disallow-code-generation-from-strings",
    "--no-warnings",
    "--no-addons",
    `--max-old-space-size=${Math.max(128, Math.min(megabytes, 512))}`,
    join(here, "child.mjs"),
    String(megabytes),
    role,
  ];
}

function manifestsAbove(folder: string): string[] {
  const parent = dirname(folder);
  const file = join(folder, "package.json");
  return [...(existsSync(file) ? [file] : []), ...(parent === folder ? [] : manifestsAbove(parent))];
}
