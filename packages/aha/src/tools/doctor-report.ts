/** The work of `aha doctor`: what of the set-up is there, and what mends the rest. */

import { describeSandbox, type SandboxDescription } from "@aha/verify";
import { collect, type Facts } from "../../../torch/scripts/doctor.mjs";
import type { Finding } from "../contracts/work.ts";

/** Looks this machine over; needs neither LibTorch nor the addon. */
export async function doctorReport(): Promise<readonly Finding[]> {
  return [...findingsOf(collect()), ...sandboxFindings(await describeSandbox())];
}

const languages = { python: "Python", node: "JavaScript", typescript: "TypeScript", cpp: "C++" } as const;

/** Which wall untrusted programs run behind, and in which languages. Only rewards that run code need one. */
export function sandboxFindings({ bubblewrap, pyodide, runtimes }: SandboxDescription): Finding[] {
  if (!bubblewrap.available && pyodide.available) {
    const detail = `Pyodide, for Python alone (bubblewrap: ${bubblewrap.reason})`;
    return [{ name: "sandbox", status: "ok", detail }];
  }
  if (!bubblewrap.available) {
    return [
      {
        name: "sandbox",
        status: "warning",
        detail: `bubblewrap: ${bubblewrap.reason}; programs are not run without a sandbox`,
        remedy: "apt install bubblewrap (Linux)",
      },
    ];
  }
  const entries = Object.entries(languages) as [keyof typeof languages, string][];
  const present = entries.flatMap(([runtime, name]) => (runtimes[runtime].available ? [name] : []));
  const absent = entries.flatMap(([runtime, name]): Finding[] => {
    const found = runtimes[runtime];
    return found.available
      ? []
      : [
          {
            name: "sandbox",
            status: "warning",
            detail: `no ${name}: ${found.reason}`,
            remedy: `install what runs ${name} where its programs are to be judged`,
          },
        ];
  });
  return [
    { name: "sandbox", status: "ok", detail: `bubblewrap, for ${present.join(", ") || "nothing yet"}` },
    ...absent,
  ];
}

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;

/** Below these, a build or a checkpoint may fail. */
const LOW_DISK_BYTES = 3e9;
const LOW_MEMORY_BYTES = 1e9;

/** Each fact as a finding, then each problem as one that is missing, with its remedies. */
export function findingsOf(facts: Facts): Finding[] {
  const { node, packages, compiler, python, libtorch, passedOver, addon, processor, memory, disk, gpus } =
    facts;
  const features = Object.entries(processor.features).flatMap(([name, has]) => (has ? [name] : []));
  const graphics = gpus.map(({ name, driver }) => `${name}, driver ${driver}`).join("; ");
  const present = (name: string, found: string | null): Finding[] =>
    found === null ? [] : [{ name, status: "ok", detail: found }];
  return [
    ...present("Node.js", node.ok ? `${node.version} (ABI ${node.abi})` : null),
    ...present("npm packages", packages.installed ? "installed" : null),
    ...present("compiler", compiler && `${compiler.command}: ${compiler.version}`),
    ...present(
      "Python",
      python && `${python.version} (${python.executable})${python.hasVenv ? "" : ", no venv"}`,
    ),
    ...present(
      "LibTorch",
      libtorch &&
        `${libtorch.build}, ${libtorch.cuda ? "CUDA" : "CPU"}, ${libtorch.source}: ${libtorch.home}`,
    ),
    ...passedOver.map(
      (note): Finding => ({ name: "LibTorch", status: "warning", detail: `passed over: ${note}` }),
    ),
    ...present("addon", addon.state === "ready" ? `${addon.key}, built ${addon.builtAt}` : null),
    ...present(
      "processor",
      `${processor.model}, ${processor.cores} cores${features.map((name) => `, ${name}`).join("")}`,
    ),
    scarce(
      "memory",
      memory.freeBytes,
      LOW_MEMORY_BYTES,
      `available of ${gigabytes(memory.totalBytes)}`,
      "close other programs",
    ),
    scarce("disk", disk.freeBytes, LOW_DISK_BYTES, "free", "free some space where the project is"),
    {
      name: "GPU",
      status: "ok",
      detail: graphics === "" ? "no NVIDIA driver answers; the CPU is used" : graphics,
    },
    ...facts.problems.map(({ problem, remedies }): Finding => {
      const remedy = remedies.join("; ");
      return { name: "problem", status: "missing", detail: problem, ...(remedy === "" ? {} : { remedy }) };
    }),
  ];
}

function scarce(name: string, bytes: number, least: number, what: string, remedy: string): Finding {
  const detail = `${gigabytes(bytes)} ${what}`;
  return bytes >= least ? { name, status: "ok", detail } : { name, status: "warning", detail, remedy };
}
