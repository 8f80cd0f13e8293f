/** Turns C++ and TypeScript into what can be run, inside the sandbox and within limits of their own. */
import { describeStop, lastLine } from "./execution.ts";
import { hostRuntime } from "./host-runtimes.ts";
import type { Sandbox, SandboxCommand } from "./sandbox.ts";
import { SandboxError } from "./sandbox-error.ts";
import type { Limits } from "./test-case.ts";

/** A compiler's own: headers such as <bits/stdc++.h> take a second and a few hundred MiB. */
const compilerLimits: Limits = {
  wallSeconds: 30,
  cpuSeconds: 30,
  memoryMegabytes: 1536,
  processes: 16,
  fileMegabytes: 128,
  outputKilobytes: 32 * 1024,
};

export type Compiled =
  | { readonly ok: true; readonly output: Uint8Array }
  /** The program's fault; `detail` is the first line of the compiler's message. */
  | { readonly ok: false; readonly detail: string };

/** A native binary. Throws SandboxError where there is no compiler. */
export function compileCpp(sandbox: Sandbox, source: string): Promise<Compiled> {
  const compiler = hostRuntime("cpp").program;
  const flags = "-std=c++20 -O2 -pipe -w -fmax-errors=3 -ftemplate-backtrace-limit=3";
  return compile(sandbox, {
    runtime: "cpp",
    parameters: ["/bin/sh", "-c", `${compiler} ${flags} -o program main.cpp && exec cat program`],
    files: { "main.cpp": source },
    limits: compilerLimits,
  });
}

/** JavaScript. Types are dropped, not checked. */
export function stripTypes(sandbox: Sandbox, source: string): Promise<Compiled> {
  return compile(
    sandbox,
    {
      runtime: "typescript",
      parameters: ["--loader=ts", "--log-limit=1", "--log-level=error", "--target=node20"],
      files: {},
      limits: compilerLimits,
    },
    source,
  );
}

async function compile(sandbox: Sandbox, command: SandboxCommand, stdin = ""): Promise<Compiled> {
  const process = sandbox.start(command);
  const parts: Buffer[] = [];
  let message = "";
  process.stdout.on("data", (chunk: Buffer) => parts.push(chunk));
  process.stderr.on("data", (chunk: Buffer) => {
    if (message.length < 4000) message += chunk.toString("utf8");
  });
  const read = Promise.all(
    [process.stdout, process.stderr].map((stream) => new Promise((done) => stream.once("close", done))),
  );
  process.stdin.end(stdin);
  const exit = await process.exited;
  await read;
  const stop = describeStop(exit, message);
  if (stop?.status === "error") throw new SandboxError(stop.detail);
  if (stop !== null) return { ok: false, detail: `the compiler was stopped: ${stop.detail}` };
  if (exit.code !== 0) return { ok: false, detail: firstError(message) };
  return { ok: true, output: Buffer.concat(parts) };
}

function firstError(message: string): string {
  const lines = message.split("\n").filter((line) => line.trim() !== "");
  return (lines.find((line) => /\berror\b/i.test(line)) ?? lastLine(message)).trim().slice(0, 300);
}
