/** Starts the benchmark in TypeScript; its parts and options are in bench/main.ts. */
import { spawnSync } from "node:child_process";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const workspace = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const parameters = ["--import", "tsx", "bench/main.ts", ...process.argv.slice(2)];
const { status } = spawnSync(process.execPath, parameters, { cwd: workspace, stdio: "inherit" });
process.exitCode = status ?? 1;
