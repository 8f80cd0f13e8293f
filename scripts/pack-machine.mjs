/**
 * Packs what a bare machine with a GPU needs into one file: the tracked sources, the npm packages, Node.js itself; not LibTorch,
 * which is there with the machine's PyTorch. `node scripts/pack-machine.mjs [file.tar.gz]`, and there:
 * `mkdir aha && tar -xf aha-machine.tar.gz -C aha && bash aha/scripts/on-machine.sh`.
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const workspace = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const target = resolve(process.argv[2] ?? join(workspace, ".aha/aha-machine.tar.gz"));
/** Only for checking sources; and the packages' links into this checkout, which are made anew. */
const leftOut = new Set(["@biomejs", "typescript", "@aha", "aha", ".cache"]);

/** @param {string} program @param {string[]} parameters @param {string} [folder] */
function must(program, parameters, folder = workspace) {
  const { status, stdout, stderr } = spawnSync(program, parameters, { cwd: folder, maxBuffer: 1 << 28 });
  if (status === 0) return stdout;
  throw new Error(`${program} ${parameters[0]} failed: ${stderr}`);
}

const place = mkdtempSync(join(tmpdir(), "aha-machine-"));
try {
  for (const file of must("git", ["ls-files", "-z"]).toString().split("\0")) {
    if (file === "" || !existsSync(join(workspace, file))) continue;
    mkdirSync(dirname(join(place, file)), { recursive: true });
    copyFileSync(join(workspace, file), join(place, file));
  }
  cpSync(join(workspace, "node_modules"), join(place, "node_modules"), {
    recursive: true,
    verbatimSymlinks: true,
    filter: (path) => !leftOut.has(path.slice(join(workspace, "node_modules").length + 1)),
  });
  cpSync(join(workspace, "node_modules/@aha"), join(place, "node_modules/@aha"), {
    recursive: true,
    verbatimSymlinks: true,
  });
  cpSync(join(workspace, "node_modules/aha"), join(place, "node_modules/aha"), {
    recursive: true,
    verbatimSymlinks: true,
  });
  mkdirSync(join(place, ".node/bin"), { recursive: true });
  copyFileSync(process.execPath, join(place, ".node/bin/node"));
  mkdirSync(dirname(target), { recursive: true });
  must("tar", ["-C", place, "-czf", target, "."]);
  console.log(`${target}: ${(statSync(target).size / 1e6).toFixed(0)} MB`);
} finally {
  rmSync(place, { recursive: true });
}
