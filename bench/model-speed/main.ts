/**
 * A 135M model's speed beside transformers and llama.cpp: decoding at batch 1, 8 and 64, and training, in turn on one machine.
 * `node --import tsx bench/model-speed/main.ts [--rounds N] [--threads N] [--side aha|transformers|llama.cpp]
 * [--device cuda] [--random]`; needs `npm run fetch:smollm2`, or `--random` for random weights of the shape (without llama.cpp).
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { convertModel } from "../../packages/aha/src/tools/convert-model.ts";
import { run } from "../../packages/torch/scripts/command.mjs";
import { MeasurementError } from "../measurement.ts";
import { ensurePeer } from "../peer.ts";
import type { ModelSpeed, ModelSpeedSettings } from "./measurement.ts";
import { modelSpeedTable } from "./table.ts";

const here = import.meta.dirname;
const workspace = resolve(here, "../..");
const folder = join(workspace, ".aha/models/SmolLM2-135M-Instruct");
const say = (line: string): void => console.error(`bench: ${line}`);

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    threads: { type: "string", default: "0" },
    side: { type: "string" },
    device: { type: "string", default: "cpu" },
    random: { type: "boolean", default: false },
  },
});
if (!values.random && !existsSync(join(folder, "config.json"))) {
  console.error("The model is not here yet: npm run fetch:smollm2 (or take --random)");
  process.exit(1);
}

const settings: ModelSpeedSettings = {
  ...{ shape: "135m", folder: values.random ? null : folder, dtype: "bfloat16" },
  ...{ device: values.device === "cuda" ? "cuda" : "cpu", threads: Number(values.threads) },
  ...{ batches: [1, 8, 64], promptTokens: 32, newTokens: 96, training: { sequences: 8, length: 256 } },
  rounds: Number(values.rounds),
};

async function measure(command: readonly string[]): Promise<ModelSpeed> {
  const [program = "", ...parameters] = command;
  const { ok, output } = await run(program, parameters, { folder: workspace });
  const last = output.trim().split("\n").at(-1) ?? "";
  if (!ok || !last.startsWith("{"))
    throw new MeasurementError(parameters.at(-1) ?? program, "it failed", output);
  return JSON.parse(last) as ModelSpeed;
}

const place = mkdtempSync(join(tmpdir(), "aha-bench-"));
const results: ModelSpeed[] = [];
try {
  const node = [process.execPath, "--import", "tsx"];
  const wanted = (side: string): boolean => values.side === undefined || values.side === side;
  const asked = JSON.stringify(settings);
  if (wanted("transformers")) {
    const python = await ensurePeer(say);
    say("transformers");
    results.push(await measure([python, join(here, "transformers_speed.py"), asked]));
  }
  if (wanted("llama.cpp") && !values.random) {
    const file = join(place, "model.gguf");
    await convertModel(folder, file, { format: "BF16" });
    say("llama.cpp");
    results.push(await measure([...node, join(here, "llama-cpp.ts"), asked, file]));
  }
  if (wanted("aha")) {
    say("Aha");
    results.push(await measure([...node, join(here, "ours.ts"), asked]));
  }
} finally {
  rmSync(place, { recursive: true });
}
console.log(modelSpeedTable(results, settings));
mkdirSync(join(here, "results"), { recursive: true });
const machine = { processor: cpus()[0]?.model ?? "unknown", cores: cpus().length, load: loadavg()[0] };
writeFileSync(
  join(here, "results/135m.json"),
  `${JSON.stringify({ machine, settings: { ...settings, folder: values.random ? null : "SmolLM2-135M-Instruct" }, results }, null, 2)}\n`,
);
