/** Sees that bubblewrap, the wall around programs under test, is there; installs it where that needs no questions. */
import { capture, run } from "../packages/torch/scripts/command.mjs";

const advice =
  "bubblewrap is not installed; programs under test then run in Pyodide (Python only). " +
  "To have it: sudo apt-get install bubblewrap (Debian, Ubuntu), sudo dnf install bubblewrap (Fedora)";

/**
 * On Linux without bubblewrap: installs it by apt-get where this is root, else says how to. Never fails set-up,
 * because everything but the sandbox works without it.
 * @param {{ say: (line: string) => void }} options
 * @returns {Promise<boolean>} whether bubblewrap is there
 */
export async function ensureBubblewrap({ say }) {
  if (process.platform !== "linux") return false;
  if (capture("bwrap", ["--version"]).ok) return true;
  const canInstall = process.getuid?.() === 0 && capture("apt-get", ["--version"]).ok;
  if (!canInstall) {
    say(advice);
    return false;
  }
  const install = ["install", "-y", "--no-install-recommends", "bubblewrap"];
  const environment = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  say(`apt-get ${install.join(" ")}`);
  let { ok, output } = await run("apt-get", install, { environment });
  if (!ok) {
    // The package lists of a new machine are empty or old.
    await run("apt-get", ["update"], { environment });
    ({ ok, output } = await run("apt-get", install, { environment }));
  }
  if (!ok) say(`${output.trim().split("\n").slice(-3).join("\n")}\n${advice}`);
  return ok;
}
