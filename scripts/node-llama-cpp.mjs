/**
 * Installs node-llama-cpp, the peer that GGUF files are checked with and decoding is measured against, into `.venvs/node-llama-cpp`:
 * apart from the workspace's dependencies, since by itself it would bring 650 MB of GPU builds.
 */
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "../packages/torch/scripts/command.mjs";
import { withLock } from "../packages/torch/scripts/lock.mjs";

const VERSION = "3.22.1";
const workspace = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const folder = join(workspace, ".venvs/node-llama-cpp");
const stamp = join(folder, `complete-${VERSION}.txt`);
const entry = join(folder, "node_modules/node-llama-cpp/dist/index.js");

/**
 * The path of its module; installs it on the first call.
 * @param {(line: string) => void} [say]
 * @returns {Promise<string | null>} null where this platform has no ready build, or it can't be fetched
 */
export async function nodeLlamaCpp(say = () => {}) {
  if (process.platform !== "linux" || process.arch !== "x64") return null;
  if (existsSync(stamp)) return entry;
  return withLock("node-llama-cpp", async () => {
    if (existsSync(stamp)) return entry;
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
    say(`installing node-llama-cpp ${VERSION} into ${folder}`);
    // The GPU builds are optional dependencies; the CPU's is then named by itself.
    const names = [`node-llama-cpp@${VERSION}`, `@node-llama-cpp/linux-x64@${VERSION}`];
    const parameters = [
      "install",
      "--omit=optional",
      "--ignore-scripts",
      "--no-audit",
      "--no-fund",
      ...names,
    ];
    const { ok } = await run("npm", parameters, { folder });
    if (!ok) return null;
    writeFileSync(stamp, VERSION);
    return entry;
  });
}
