/** Runs a program on one input after another, each time in a sandbox of its own. */
import { readFileSync } from "node:fs";
import { describeEnd, describeStop, type Execution, type Executor } from "./execution.ts";
import type { Sandbox, SandboxCommand, SandboxProcess } from "./sandbox.ts";
import type { Limits } from "./test-case.ts";

const nodeRunner = readFileSync(new URL("runners/io-runner.cjs", import.meta.url), "utf8");

export function javascriptExecutor(sandbox: Sandbox, source: string, limits: Limits): Executor {
  const bytes = Buffer.from(source, "utf8");
  const header = Buffer.alloc(4);
  header.writeUInt32LE(bytes.length);
  const program = Buffer.concat([header, bytes]);
  return processExecutor(sandbox, (stdin) => ({
    command: {
      runtime: "node",
      parameters: [...nodeFlags(limits), "runner.cjs"],
      files: { "runner.cjs": nodeRunner },
      limits,
      waits: true,
    },
    stdin: Buffer.concat([program, Buffer.from(stdin, "utf8")]),
  }));
}

/** Tells what does not compile from what fails, then becomes the program. */
const pythonRunner = `import sys
try:
    program = compile(open("program.py", "rb").read(), "main.py", "exec")
except (SyntaxError, ValueError) as error:
    print("SyntaxError:", str(error).splitlines()[0], file=sys.stderr)
    sys.exit(113)
del sys
exec(program)
`;

/** Python where no process can be forked: each run starts the interpreter anew. */
export function pythonScriptExecutor(sandbox: Sandbox, source: string, limits: Limits): Executor {
  const files = { "main.py": pythonRunner, "program.py": source };
  return processExecutor(sandbox, (stdin) => ({
    command: { runtime: "python", parameters: ["main.py"], files, limits },
    stdin,
  }));
}

/** V8's own limit stands below the sandbox's, so that it collects garbage before it is killed. */
export function nodeFlags(limits: Limits): string[] {
  return [`--max-old-space-size=${Math.ceil(0.75 * limits.memoryMegabytes)}`, "--stack-size=3900"];
}

/** `binary` is what the compiler left; it is only ever run behind the wall. */
export function binaryExecutor(sandbox: Sandbox, binary: Uint8Array, limits: Limits): Executor {
  return processExecutor(sandbox, (stdin) => ({
    command: {
      runtime: "cpp",
      parameters: ["/bin/sh", "-c", "exec ./program < input"],
      files: { program: binary, input: stdin },
      limits,
    },
    stdin: "",
  }));
}

interface Job {
  readonly command: SandboxCommand;
  readonly stdin: string | Uint8Array;
}

function processExecutor(sandbox: Sandbox, jobFor: (stdin: string) => Job): Executor {
  let running: SandboxProcess | null = null;
  return {
    async run(stdin) {
      const job = jobFor(stdin);
      running = sandbox.start(job.command);
      running.stdin.end(job.stdin);
      return collect(running);
    },
    async close() {
      running?.kill();
      await running?.exited;
    },
  };
}

/** Reads a process to its end. */
async function collect(process: SandboxProcess): Promise<Execution> {
  const parts: Buffer[] = [];
  let stderr = "";
  process.stdout.on("data", (chunk: Buffer) => parts.push(chunk));
  process.stderr.on("data", (chunk: Buffer) => {
    stderr = (stderr + chunk.toString("utf8")).slice(-4000);
  });
  const read = new Promise((resolve) => process.stdout.once("close", resolve));
  const exit = await process.exited;
  await read;
  const { wallMilliseconds } = exit;
  const stop = describeStop(exit, stderr);
  if (stop !== null) return { ...stop, wallMilliseconds };
  if (exit.code === 0)
    return { status: "finished", stdout: Buffer.concat(parts).toString("utf8"), wallMilliseconds };
  return { ...describeEnd(exit, stderr), wallMilliseconds };
}
