/** Which walls this machine has, found by trying them once; for `doctor`, and for whoever must choose one. */
import { Bubblewrap } from "./bubblewrap.ts";
import { lastLine } from "./execution.ts";
import { hostRuntime } from "./host-runtimes.ts";
import { completeLimits } from "./limits.ts";
import { describePyodide } from "./pyodide/pyodide-sandbox.ts";
import type { Runtime } from "./sandbox.ts";
import { SandboxError } from "./sandbox-error.ts";

export interface SandboxDescription {
  readonly bubblewrap: Availability;
  /** The fallback, for Python alone. */
  readonly pyodide: Availability;
  /** Whether each runtime can be had behind bubblewrap. */
  readonly runtimes: Readonly<Record<Runtime, Availability>>;
}

/** Either it works, or why not and what to do. */
export type Availability =
  | { readonly available: true }
  | { readonly available: false; readonly reason: string };

let probed: Promise<Availability> | undefined;

/** Runs a trivial command behind the wall, once per process. */
export function probeBubblewrap(): Promise<Availability> {
  probed ??= probe();
  return probed;
}

export async function describeSandbox(): Promise<SandboxDescription> {
  return {
    bubblewrap: await probeBubblewrap(),
    pyodide: describePyodide(),
    runtimes: {
      python: runtimeAvailability("python"),
      node: runtimeAvailability("node"),
      cpp: runtimeAvailability("cpp"),
      typescript: runtimeAvailability("typescript"),
    },
  };
}

function runtimeAvailability(runtime: Runtime): Availability {
  return attempt(() => void hostRuntime(runtime)) ?? { available: true };
}

async function probe(): Promise<Availability> {
  if (process.platform !== "linux")
    return { available: false, reason: `bubblewrap needs Linux, this is ${process.platform}` };
  let stderr = "";
  const limits = completeLimits({ wallSeconds: 20 });
  const parameters = ["/bin/sh", "-c", "exit 7"];
  let running: ReturnType<Bubblewrap["start"]> | undefined;
  const missing = attempt(() => {
    // No runtime of its own is looked for: the shell is always there.
    running = new Bubblewrap().start({ runtime: "shell", parameters, files: {}, limits });
  });
  if (missing !== null || running === undefined) return missing ?? { available: false, reason: "no process" };
  running.stdin.end();
  running.stdout.resume();
  running.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString("utf8");
  });
  const exit = await running.exited;
  if (exit.reason === "exited" && exit.code === 7) return { available: true };
  return { available: false, reason: `${lastLine(stderr) || exit.reason}. ${remedy(stderr)}` };
}

function remedy(stderr: string): string {
  if (/user namespace|uid map|clone|unshare|Operation not permitted|No permissions/i.test(stderr))
    return "Unprivileged user namespaces seem to be off: allow them (sysctl kernel.unprivileged_userns_clone=1, kernel.apparmor_restrict_unprivileged_userns=0, user.max_user_namespaces above 0; in a container, its seccomp profile)";
  if (/unknown option/i.test(stderr)) return "bubblewrap 0.8 or later is needed";
  return "See `bwrap --unshare-all --ro-bind / / true`";
}

function attempt(action: () => void): Availability | null {
  try {
    action();
    return null;
  } catch (error) {
    if (!(error instanceof SandboxError)) throw error;
    return { available: false, reason: error.message };
  }
}
