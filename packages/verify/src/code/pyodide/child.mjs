/**
 * Runs one Python job in WebAssembly and ends. Started by pyodide-sandbox.ts under Node's permission model; before
 * the job comes it takes from this process whatever the job could use if it broke out of WebAssembly.
 *
 * On standard input: four bytes of length (big-endian) and the job as JSON, then the job's own input. Descriptor
 * 3 tells the host `ready`, and `memory` where memory was refused; 4 carries a snapshot of a started interpreter.
 */
import childProcess from "node:child_process";
import cluster from "node:cluster";
import dgram from "node:dgram";
import dns from "node:dns";
import fs from "node:fs";
import http from "node:http";
import http2 from "node:http2";
import https from "node:https";
import inspector from "node:inspector";
import Module, { syncBuiltinESMExports } from "node:module";
import net from "node:net";
import tls from "node:tls";
import vm from "node:vm";
import workerThreads from "node:worker_threads";

/** @typedef {{ parameters: string[], files: { [name: string]: string }, wallSeconds: number, fileMegabytes: number }} Job */

const { readSync, writeSync } = fs;
/** Ends the process at once: nothing that a program left behind runs any more. @type {(code: number) => never} */
const exit = Reflect.get(process, "reallyExit").bind(process);
const now = performance.now.bind(performance);
const memoryBytes = Number(process.argv[2]) * 2 ** 20;
/** `make` sends the memory of the started interpreter to the host, `use` starts from it, `none` does neither. */
const snapshotRole = process.argv[3];
const statusDescriptor = 3;
const snapshotDescriptor = 4;

/** @param {string} what */
const denied = (what) => () => {
  throw new Error(`${what} is not available in this sandbox`);
};

/** Replaces a module's functions; its classes stay, as other modules inherit from them. @param {object} module */
function disarm(module) {
  for (const name of Object.keys(module)) {
    const isClass = /^[A-Z]/.test(name) && name !== "Worker";
    if (isClass || typeof Reflect.get(module, name) !== "function") continue;
    Reflect.defineProperty(module, name, { value: denied(name), writable: true, configurable: true });
  }
}

/** The network, processes, threads and the loader, for this process and all it has already loaded. */
function disarmNode() {
  // Pyodide asks Node for the file system's flags this way, which the permission model refuses.
  Reflect.set(process, "binding", (/** @type {string} */ name) => {
    if (name !== "constants") throw new Error("not available in this sandbox");
    return { fs: fs.constants };
  });
  for (const prototype of [net.Socket.prototype, net.Server.prototype, tls.TLSSocket.prototype])
    for (const name of ["connect", "listen", "bind"]) Reflect.set(prototype, name, denied(name));
  Reflect.set(childProcess.ChildProcess.prototype, "spawn", denied("spawn"));
  Reflect.set(dgram.Socket.prototype, "bind", denied("bind"));
  Reflect.set(dgram.Socket.prototype, "send", denied("send"));
  for (const module of [
    childProcess,
    cluster,
    dgram,
    dns,
    http,
    http2,
    https,
    inspector,
    net,
    tls,
    workerThreads,
  ])
    disarm(module);
  syncBuiltinESMExports();
}

/** @typedef {{ buffer: ArrayBuffer, grow: (this: Memory, pages: number) => number }} Memory */
/** @type {{ Memory: { prototype: Memory }, [name: string]: unknown }} */
const webAssembly = Reflect.get(globalThis, "WebAssembly");

/** WebAssembly's memory, which holds all of Python's objects, may grow to the limit and not further. */
function boundMemory() {
  const { grow } = webAssembly.Memory.prototype;
  webAssembly.Memory.prototype.grow = function (/** @type {number} */ pages) {
    if (this.buffer.byteLength + pages * 65536 > memoryBytes) {
      tellHost("memory\n");
      throw new RangeError("the sandbox's memory limit");
    }
    return grow.call(this, pages);
  };
}

let told = "";
/** @param {string} text */
function tellHost(text) {
  if (told.includes(text)) return;
  told += text;
  try {
    writeSync(statusDescriptor, text);
  } catch {
    // Only a label on the result is lost.
  }
}

/** Files live in this process's memory, outside both WebAssembly's and V8's limits. @param {Pyodide} pyodide @param {number} megabytes */
function boundFiles(pyodide, megabytes) {
  /** @typedef {{ contents?: Uint8Array }} FileNode */
  /** @type {{ expandFileStorage: (node: FileNode, capacity: number) => void }} */
  const memoryFiles = pyodide.FS.filesystems.MEMFS;
  const { expandFileStorage } = memoryFiles;
  let total = 0;
  memoryFiles.expandFileStorage = (node, capacity) => {
    const before = node.contents?.length ?? 0;
    if (capacity > before && total + capacity - before > megabytes * 2 ** 20)
      throw new pyodide.FS.ErrnoError(51);
    expandFileStorage(node, capacity);
    total += Math.max(0, (node.contents?.length ?? 0) - before);
  };
}

const pause = new Int32Array(new SharedArrayBuffer(4));

/** @param {() => number} action */
function patiently(action) {
  while (true) {
    try {
      return action();
    } catch (error) {
      const { code } = /** @type {NodeJS.ErrnoException} */ (error);
      if (code === "EOF") return 0;
      if (code !== "EAGAIN") throw error;
      Atomics.wait(pause, 0, 0, 1);
    }
  }
}

/** @param {number} count */
function readExactly(count) {
  const buffer = Buffer.alloc(count);
  for (let have = 0; have < count; ) {
    const got = patiently(() => readSync(0, buffer, have, count - have, null));
    if (got === 0) exit(0);
    have += got;
  }
  return buffer;
}

/** @param {number} descriptor */
const writer = (descriptor) => ({
  /** @param {Uint8Array} bytes */
  write: (bytes) => patiently(() => writeSync(descriptor, bytes)),
  isatty: false,
});

/** What a program that broke out could still find by name. */
function emptyGlobals() {
  const kept = new Set(
    (
      "Object Function Array Number Boolean String Symbol BigInt Math JSON Reflect Promise Proxy Map Set WeakMap " +
      "WeakSet WeakRef FinalizationRegistry Date RegExp Error EvalError RangeError ReferenceError SyntaxError " +
      "TypeError URIError AggregateError ArrayBuffer SharedArrayBuffer DataView Atomics Int8Array Uint8Array " +
      "Uint8ClampedArray Int16Array Uint16Array Int32Array Uint32Array Float32Array Float64Array BigInt64Array " +
      "BigUint64Array NaN Infinity undefined isNaN isFinite parseInt parseFloat Iterator globalThis TextDecoder " +
      "TextEncoder Buffer console setTimeout clearTimeout WebAssembly process"
    ).split(" "),
  );
  for (const name of Object.getOwnPropertyNames(globalThis))
    if (!kept.has(name)) Reflect.deleteProperty(globalThis, name);
  // Pyodide's own code still names these: WebAssembly for the types of its exceptions, process for a few numbers.
  const { RuntimeError, Exception, Tag, Global, Table } = webAssembly;
  const shell = {
    RuntimeError,
    Exception,
    Tag,
    Global,
    Table,
    Module: denied("Module"),
    Instance: denied("Instance"),
  };
  const numbers = {
    getuid: () => 0,
    umask: () => 0o22,
    platform: "linux",
    version: "",
    exitCode: 0,
    argv: [],
  };
  Reflect.set(globalThis, "WebAssembly", Object.freeze(shell));
  Reflect.set(globalThis, "process", Object.freeze(numbers));
  Reflect.set(globalThis, "performance", Object.freeze({ now }));
  Reflect.set(globalThis, "console", Object.freeze({ log() {}, warn() {}, error() {} }));
}

/** A started Python with `bootstrap.py` run in it, from the host's snapshot where there is one. @returns {Promise<Pyodide>} */
async function load() {
  const { loadPyodide } = await import("pyodide");
  const options = { jsglobals: Object.create(null), env: { HOME: "/home/pyodide" } };
  if (snapshotRole === "use") {
    const _loadSnapshot = fs.readFileSync(snapshotDescriptor);
    fs.closeSync(snapshotDescriptor);
    return loadPyodide({ ...options, _loadSnapshot });
  }
  const pyodide = await loadPyodide({ ...options, _makeSnapshot: snapshotRole === "make" });
  pyodide.runPython(fs.readFileSync(new URL("bootstrap.py", import.meta.url), "utf8"));
  if (snapshotRole === "make") {
    const memory = pyodide.makeMemorySnapshot();
    // The length comes last: without it, the host knows that it has not got the whole.
    const snapshot = Buffer.alloc(memory.length + 4);
    snapshot.set(memory);
    snapshot.writeUInt32BE(memory.length, memory.length);
    for (let sent = 0; sent < snapshot.length; )
      sent += patiently(() => writeSync(snapshotDescriptor, snapshot, sent, snapshot.length - sent));
  }
  fs.closeSync(snapshotDescriptor);
  return pyodide;
}

/** @typedef {Awaited<ReturnType<typeof import("pyodide").loadPyodide>>} Pyodide */

async function main() {
  disarmNode();
  boundMemory();
  const pyodide = await load();
  const run = /** @type {(job: string) => number} */ (pyodide.globals.get("run"));
  const seal = /** @type {() => void} */ (pyodide.globals.get("seal"));
  pyodide.setStdin({ read: (bytes) => patiently(() => readSync(0, bytes)), isatty: false });
  pyodide.setStdout(writer(1));
  pyodide.setStderr(writer(2));
  seal();
  Reflect.set(Module, "_load", denied("require"));
  for (const name of [
    "dlopen",
    "kill",
    "abort",
    "binding",
    "_linkedBinding",
    "_debugProcess",
    "chdir",
    "setuid",
  ])
    Reflect.set(process, name, denied(name));
  emptyGlobals();
  tellHost("ready\n");
  const job = readExactly(readExactly(4).readUInt32BE(0)).toString("utf8");
  const { fileMegabytes, wallSeconds } = /** @type {Job} */ (JSON.parse(job));
  boundFiles(pyodide, fileMegabytes);
  // The host ends us at the deadline; this ends us where the host itself is gone.
  Reflect.set(globalThis, "run", () => run(job));
  const timed = new vm.Script("run()");
  let code = 1;
  try {
    code = timed.runInThisContext({ timeout: Math.ceil(wallSeconds * 1000) + 2000 });
  } catch (error) {
    const status = Reflect.get(Object(error), "status");
    code = typeof status === "number" ? status : 134;
    if (typeof status !== "number") writeSync(2, `${String(error).slice(0, 500)}\n`);
  }
  exit(code);
}

try {
  await main();
} catch (error) {
  writeSync(2, `Pyodide did not start: ${String(error).slice(0, 1000)}\n`);
  exit(70);
}
