/** The main program of a worker process: reads tasks from one pipe, runs them one by one, answers on another. */
import { readSync, writeSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { encodeFrame } from "./frames.ts";
import { type Answer, channel, type Setup } from "./worker-protocol.ts";

type Run = (task: unknown) => unknown;

/**
 * A thread beside the working one, so that it acts however the work loops: ends this process when the host is
 * gone (its end of the lifeline closes), and when the process as a whole outgrows its memory, buffers and
 * native allocations included, which V8's own limit does not see. Plain JavaScript in a string: a thread of
 * its own file would need the TypeScript loader, and start ten times slower.
 */
const watch = `
  const { read, writeSync } = require("node:fs");
  const { lifeline, residentLimit } = require("node:worker_threads").workerData;
  const wait = () => read(lifeline, Buffer.alloc(1), 0, 1, null, (error, count) => {
    if (error || count === 0) process.kill(process.pid, "SIGKILL");
    else wait();
  });
  wait();
  setInterval(() => {
    if (process.memoryUsage.rss() < residentLimit) return;
    try { writeSync(2, "out of memory: resident memory over its limit\\n"); } catch {}
    process.kill(process.pid, "SIGKILL");
  }, 50);
`;

/** Reads exactly `length` bytes, or null where the pipe ended. */
function readExactly(length: number): Buffer | null {
  const buffer = Buffer.allocUnsafe(length);
  for (let offset = 0; offset < length; ) {
    const count = readSync(channel.tasks, buffer, offset, length - offset, null);
    if (count === 0) return null;
    offset += count;
  }
  return buffer;
}

function readTasks(): unknown[] | null {
  const header = readExactly(4);
  const body = header && readExactly(header.readUInt32LE(0));
  return body && (JSON.parse(body.toString("utf8")) as unknown[]);
}

function answer(value: Answer): void {
  const frame = encodeFrame(JSON.stringify(value));
  for (let offset = 0; offset < frame.length; ) {
    offset += writeSync(channel.answers, frame, offset, frame.length - offset);
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

async function load(setup: Setup): Promise<Run> {
  const module = (await import(setup.module)) as { run?: Run };
  if (typeof module.run !== "function") {
    throw new TypeError(
      `Expected ${setup.module} to export a function run(task); it exports ${Object.keys(module)}`,
    );
  }
  return module.run;
}

/** Blocking reads and writes are the point: the next task starts without a turn of the event loop. */
async function main(): Promise<void> {
  const setup = JSON.parse(process.argv[2] ?? "{}") as Setup;
  const workerData = { lifeline: channel.lifeline, residentLimit: setup.residentMegabytes * 2 ** 20 };
  new Worker(watch, { eval: true, execArgv: [], workerData });
  const run = await load(setup);
  answer({ ready: true });
  for (let tasks = readTasks(); tasks !== null; tasks = readTasks()) {
    for (const task of tasks) {
      try {
        answer({ value: await run(task) });
      } catch (error) {
        answer({ thrown: describe(error) });
      }
    }
  }
  process.exit(0);
}

await main();
