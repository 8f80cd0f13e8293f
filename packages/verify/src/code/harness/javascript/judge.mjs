/** The end that runs JavaScript test code, the program's names bound to remote objects. One verdict a code. */
import assert from "node:assert";
import { createRequire } from "node:module";
import { Writable } from "node:stream";
import { Peer } from "./peer.mjs";
import { ProtocolError, receive, send } from "./wire.mjs";

const reserved = new Set(
  (
    "await break case catch class const continue debugger default delete do else enum export extends false finally " +
    "for function if implements import in instanceof interface let new null package private protected public " +
    "return static super switch this throw true try typeof var void while with yield arguments eval require " +
    "module exports assert undefined NaN Infinity globalThis"
  ).split(" "),
);

/** @typedef {{ code: string, setup: string, entryPoints: string[] }} Job */

/**
 * Every identifier of the code that could mean the program's: none that this realm already has, so that a
 * program cannot supply the test's own tools.
 * @param {string} source
 * @param {readonly string[]} entryPoints
 */
function programNames(source, entryPoints) {
  const words = new Set(source.match(/[A-Za-z_$][\w$]*/g) ?? []);
  const names = [...words].filter((word) => !reserved.has(word) && !(word in globalThis));
  const asked = entryPoints.filter((name) => /^[A-Za-z_$][\w$]*$/.test(name) && !reserved.has(name));
  return [...new Set([...names, ...asked])];
}

/**
 * The test code as a function of the program's names; its own declarations are inner ones and win.
 * @param {string} source
 * @param {readonly string[]} names
 * @returns {(...values: unknown[]) => unknown}
 */
function compile(source, names) {
  const parameters = ["require", "module", "exports", "assert", ...names];
  /** @param {string} kind */
  const wrap = (kind) =>
    new Function(...parameters, `return (${kind} function () {\n${source}\n}).call(undefined);`);
  try {
    return /** @type {(...values: unknown[]) => unknown} */ (wrap(""));
  } catch (error) {
    if (!source.includes("await")) throw error;
    return /** @type {(...values: unknown[]) => unknown} */ (wrap("async"));
  }
}

/** What the program may do with objects of the test: call functions, step iterators, and use plain attributes
 * of instances of the test's own classes. Nothing that leads to the judge's realm.
 * @type {{ readonly [name: string]: import("./peer.mjs").Operation }} */
const operations = {
  call: (peer, target, parameters, receiver) => {
    const value = peer.object(target);
    if (typeof value !== "function") throw new TypeError("not a function");
    return Reflect.apply(value, receiver, parameters);
  },
  get: (peer, target, [name]) => ownMember(peer.object(target), name),
  set: (peer, target, [name, value]) => {
    const object = Object(peer.object(target));
    if (typeof object === "function" || !Object.hasOwn(object, String(name)))
      throw new TypeError("not a field");
    object[String(name)] = value;
  },
  iterate: (peer, target) => Reflect.apply(iterator, undefined, [peer.object(target)]),
  next: (peer, target) => {
    const step = /** @type {Iterator<unknown>} */ (peer.object(target)).next();
    return step.done === true ? [] : [step.value];
  },
};

/** @param {Iterable<unknown>} iterable */
function* iterator(iterable) {
  yield* iterable;
}

/**
 * A field, or a method of a class: never `constructor`, nothing inherited from a built-in object.
 * @param {unknown} value
 * @param {unknown} name
 */
function ownMember(value, name) {
  const key = String(name);
  if (typeof value !== "object" || value === null || key === "constructor" || key.startsWith("__"))
    return undefined;
  if (Object.hasOwn(value, key)) return Reflect.get(value, key);
  let prototype = Object.getPrototypeOf(value);
  while (prototype !== null && !isBuiltinPrototype(prototype)) {
    if (Object.hasOwn(prototype, key)) return Reflect.get(prototype, key, value);
    prototype = Object.getPrototypeOf(prototype);
  }
  return undefined;
}

/** @param {object} prototype */
const isBuiltinPrototype = (prototype) =>
  !Object.hasOwn(prototype, "constructor") ||
  Function.prototype.toString.call(prototype.constructor).includes("[native code]");

/** @type {unknown[]} */
let strays = [];
process.on("unhandledRejection", (error) => strays.push(error));
process.on("uncaughtException", (error) => strays.push(error));

/** Lets what the test code left on the event loop come to its end; the host's deadline bounds it. */
async function settle() {
  do await new Promise((resolve) => setImmediate(resolve));
  while (process.getActiveResourcesInfo().includes("Timeout"));
}

/** @param {unknown} error */
function reason(error) {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return text.split("\n", 6).join(" ").slice(0, 400);
}

/** @param {Peer} peer @param {Job} job */
async function judge(peer, job) {
  const source = `${job.setup}\n${job.code}`;
  /** @type {(...values: unknown[]) => unknown} */
  let test;
  /** @type {unknown[]} */
  let values;
  let asked = 0;
  try {
    compile(source, []);
  } catch (error) {
    send("V", { event: "unusable", detail: `the test code does not parse: ${reason(error)}` });
    return;
  }
  try {
    const names = programNames(source, job.entryPoints);
    const found = new Map(/** @type {[string, unknown][]} */ (peer.ask("names", null, names)));
    // Only names that were asked for: others would be code of the program in the head of a function.
    const known = names.filter((name) => found.has(name));
    test = compile(source, known);
    const module = { exports: {} };
    values = [createRequire(`${process.cwd()}/tests.cjs`), module, module.exports, assert];
    values.push(...known.map((name) => found.get(name)));
    asked = peer.requests;
  } catch (error) {
    // A program that cannot even say what it defines.
    send("V", { event: "result", passed: false, detail: reason(error) });
    send("V", { event: "done", used: true });
    return;
  }
  strays = [];
  /** @type {string | null} */
  let failure = null;
  try {
    await test(...values);
    await settle();
    if (strays.length > 0) throw strays[0];
  } catch (error) {
    failure = reason(error);
  }
  if (ProtocolError.reason !== null) failure = `the program broke the protocol: ${ProtocolError.reason}`;
  send("V", { event: "result", passed: failure === null, ...(failure === null ? {} : { detail: failure }) });
  send("V", { event: "done", used: peer.requests > asked });
}

async function main() {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  Object.defineProperty(process, "stdout", { value: nowhere, configurable: true });
  Object.defineProperty(process, "stderr", { value: nowhere, configurable: true });
  globalThis.console = new console.Console(nowhere, nowhere);
  send("L", { ready: true });
  const peer = new Peer(operations);
  while (true) {
    const { letter, body } = receive();
    if (letter === "J") await judge(peer, /** @type {Job} */ (body));
  }
}

main();
