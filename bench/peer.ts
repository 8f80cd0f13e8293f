/** Installs TRL in a virtual environment of its own, `.venvs/trl`, which nothing but the benchmark uses. */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { run } from "../packages/torch/scripts/command.mjs";
import { findCarrierPython } from "../packages/torch/scripts/find-python.mjs";
import { explainPip } from "../packages/torch/scripts/install-libtorch.mjs";
import { withLock } from "../packages/torch/scripts/lock.mjs";
import { SetupError } from "../packages/torch/scripts/setup-error.mjs";

const workspace = resolve(import.meta.dirname, "..");
const folder = join(workspace, ".venvs/trl");
const requirements = join(workspace, "bench/trl/requirements.txt");
const stamp = join(folder, "aha-complete.txt");

/**
 * The Python that has TRL; installs it on the first call.
 * @throws {SetupError} when Python, its venv or pip's indexes do not have what is needed
 */
export async function ensurePeer(say: (line: string) => void): Promise<string> {
  const python = join(folder, "bin/python");
  if (isComplete()) return python;
  return withLock("trl", async () => {
    if (isComplete()) return python;
    const carrier = findCarrierPython();
    if (!carrier?.hasVenv) {
      throw new SetupError("TRL needs a Python of 3.10 or later that can make virtual environments.", [
        "Debian, Ubuntu: sudo apt-get install python3-venv",
      ]);
    }
    rmSync(folder, { recursive: true, force: true });
    say(`installing TRL into ${folder}`);
    const made = await run(carrier.command, ["-m", "venv", folder]);
    const parameters = ["-m", "pip", "install", "--quiet", "--no-input", "-r", requirements];
    const installed = made.ok ? await run(python, parameters, { show: true }) : made;
    if (!installed.ok) {
      rmSync(folder, { recursive: true, force: true });
      throw explainPip(installed.output, "TRL's packages (bench/trl/requirements.txt)");
    }
    writeFileSync(stamp, readFileSync(requirements));
    return python;
  });
}

/** True where the environment was made whole from the very requirements that stand now. */
function isComplete(): boolean {
  return existsSync(stamp) && readFileSync(stamp).equals(readFileSync(requirements));
}
