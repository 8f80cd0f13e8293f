/** The end that holds the JavaScript program under test; nothing here is trusted, it can only ever send values. */
import fs from "node:fs";
import { createRequire } from "node:module";
import { Readable, Writable } from "node:stream";
import vm from "node:vm";
import { Peer } from "./peer.mjs";
import { receiveLater, send } from "./wire.mjs";

const identifier = /^[A-Za-z_$][\w$]*$/;

/** Keeps an honest program's own input and output away from the protocol's pipes. */
function divertStandardStreams() {
  const nowhere = () => new Writable({ write: (_chunk, _encoding, done) => done() });
  Object.defineProperty(process, "stdout", { value: nowhere(), configurable: true });
  Object.defineProperty(process, "stderr", { value: nowhere(), configurable: true });
  Object.defineProperty(process, "stdin", { value: Readable.from([]), configurable: true });
  globalThis.console = new console.Console(process.stdout, process.stderr);
  const { readFileSync, writeSync, readSync } = fs;
  Object.assign(fs, {
    /** @param {Parameters<typeof readFileSync>} parameters */
    readFileSync: (...parameters) =>
      parameters[0] === 0 || parameters[0] === "/dev/stdin" ? "" : readFileSync(...parameters),
    /** @param {[number, string, ...unknown[]]} parameters */
    writeSync: (...parameters) =>
      parameters[0] <= 2 ? Buffer.byteLength(parameters[1]) : Reflect.apply(writeSync, fs, parameters),
    /** @param {[number, ...unknown[]]} parameters */
    readSync: (...parameters) => (parameters[0] === 0 ? 0 : Reflect.apply(readSync, fs, parameters)),
  });
}

/**
 * `import` and `export` at the start of a line, as CommonJS; only for sources that do not parse as a script.
 * @param {string} source
 */
function withoutModuleSyntax(source) {
  return source
    .split("\n")
    .map((line) => {
      const text = line.trimStart();
      if (text.startsWith("export default function") || text.startsWith("export default class"))
        return text.slice("export default ".length);
      if (text.startsWith("export default "))
        return `exports.default = ${text.slice("export default ".length)}`;
      if (text.startsWith("export {")) return "";
      if (text.startsWith("export ")) return text.slice("export ".length);
      return text.startsWith("import ") ? importAsRequire(text) : line;
    })
    .join("\n");
}

/** @param {string} line */
function importAsRequire(line) {
  const from = line.lastIndexOf(" from ");
  if (from < 0) return `require(${line.slice("import ".length).replace(";", "")});`;
  const required = `require(${line
    .slice(from + 6)
    .replace(";", "")
    .trim()})`;
  const clause = line.slice("import ".length, from).trim();
  const brace = clause.indexOf("{");
  const head = (brace < 0 ? clause : clause.slice(0, brace)).replace(",", "").trim();
  const parts = [];
  if (head.startsWith("* as ")) parts.push(`var ${head.slice(5)} = ${required};`);
  else if (head !== "") parts.push(`var ${head} = ${required}.default ?? ${required};`);
  if (brace >= 0) parts.push(`var ${clause.slice(brace).replaceAll(" as ", ": ")} = ${required};`);
  return parts.join(" ");
}

/** @param {string} source */
function load(source) {
  const module = { exports: {} };
  const path = `${process.cwd()}/program.cjs`;
  Object.assign(globalThis, {
    module,
    exports: module.exports,
    require: createRequire(path),
    __filename: path,
    __dirname: process.cwd(),
  });
  /** @param {string} text */
  const compile = (text) => new vm.Script(text, { filename: "program.js" });
  let script;
  try {
    script = compile(source);
  } catch (error) {
    if (!source.includes("import ") && !source.includes("export ")) throw error;
    script = compile(withoutModuleSyntax(source));
  }
  script.runInThisContext();
  return module;
}

/** @param {{ exports: unknown }} module @param {string} name @returns {{ value: unknown } | null} */
function lookup(module, name) {
  if (!identifier.test(name)) return null;
  const exported = /** @type {{ [key: string]: unknown }} */ (module.exports ?? {});
  if (Object.hasOwn(Object(exported), name)) return { value: exported[name] };
  try {
    if (vm.runInThisContext(`typeof ${name}`) === "undefined") return null;
    return { value: vm.runInThisContext(name) };
  } catch {
    return null;
  }
}

/** `name`, `Class.method` of a new instance, or a method of `Solution`. @param {{ exports: unknown }} module @param {string} path */
function find(module, path) {
  const [name = "", method] = path.replaceAll("()", "").split(".");
  const found = lookup(module, name);
  if (found !== null && method === undefined) return { receiver: undefined, value: found.value };
  const holder = found ?? lookup(module, "Solution");
  if (holder === null) throw new ReferenceError(`the program does not define ${path}`);
  const receiver =
    typeof holder.value === "function"
      ? Reflect.construct(holder.value, [])
      : /** @type {object} */ (holder.value);
  return { receiver, value: Reflect.get(receiver, method ?? name) };
}

/** @param {{ exports: unknown }} module @returns {{ readonly [name: string]: import("./peer.mjs").Operation }} */
function operations(module) {
  /** @param {unknown} value @returns {Function} */
  const callable = (value) => {
    if (typeof value !== "function") throw new TypeError("not a function");
    return value;
  };
  return {
    names: (_peer, _target, names) =>
      names.flatMap((name) => {
        const found = lookup(module, String(name));
        return found === null ? [] : [[name, found.value]];
      }),
    invoke: (_peer, target, parameters) => {
      const { receiver, value } = find(module, String(target));
      return Reflect.apply(callable(value), receiver, parameters);
    },
    call: (peer, target, parameters, receiver) =>
      Reflect.apply(callable(peer.object(target)), receiver, parameters),
    new: (peer, target, parameters) => Reflect.construct(callable(peer.object(target)), parameters),
    get: (peer, target, [name]) => Reflect.get(Object(peer.object(target)), String(name)),
    set: (peer, target, [name, value]) => Reflect.set(Object(peer.object(target)), String(name), value),
    has: (peer, target, [name]) => String(name) in Object(peer.object(target)),
    text: (peer, target) => String(peer.object(target)),
    instanceOf: (peer, target, _parameters, receiver) => receiver instanceof callable(peer.object(target)),
    iterate: (peer, target) => iterator(/** @type {Iterable<unknown>} */ (peer.object(target))),
    next: (peer, target) => {
      const step = /** @type {Iterator<unknown>} */ (peer.object(target)).next();
      return step.done === true ? [] : [step.value];
    },
  };
}

/** An iterator that is no plain object, so that it travels as a handle. @param {Iterable<unknown>} iterable */
function* iterator(iterable) {
  yield* iterable;
}

/** @param {unknown} error */
const describe = (error) =>
  (error instanceof Error ? `${error.name}: ${error.message}` : String(error)).slice(0, 500);

async function main() {
  divertStandardStreams();
  send("L", { ready: true });
  const job = await receiveLater();
  let module;
  try {
    module = load(/** @type {{ source: string }} */ (job.body).source);
  } catch (error) {
    send("L", { error: describe(error), syntax: error instanceof SyntaxError });
    process.exit(0);
  }
  // A stray rejection is the program's own affair; what it answers decides.
  process.on("unhandledRejection", () => {});
  send("L", {});
  const peer = new Peer(operations(module));
  while (true) {
    const { letter, body } = await receiveLater();
    if (letter === "Q") await peer.serveLater(/** @type {import("./peer.mjs").Request} */ (body));
  }
}

main();
