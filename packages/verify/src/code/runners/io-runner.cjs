/**
 * Waits inside a sandbox for a program and its input, then becomes that program. Standard input brings a 4-byte
 * little-endian length, the program in that many bytes, and its input up to the end. What the program prints goes
 * straight to the host; there is no verdict in here to reach for.
 */
"use strict";
const fs = require("node:fs");
const Module = require("node:module");
const vm = require("node:vm");

const inputPath = "/tmp/.input";

function readAll() {
  const parts = [];
  const buffer = Buffer.allocUnsafe(1 << 16);
  for (;;) {
    const size = fs.readSync(0, buffer, 0, buffer.length, null);
    if (size === 0) return Buffer.concat(parts);
    parts.push(Buffer.from(buffer.subarray(0, size)));
  }
}

/**
 * A file as descriptor 0, so that /dev/stdin can be opened: a socket cannot.
 * @param {Buffer} bytes
 */
function giveInput(bytes) {
  fs.writeFileSync(inputPath, bytes);
  fs.closeSync(0);
  if (fs.openSync(inputPath, "r") !== 0) process.exit(125);
  fs.unlinkSync(inputPath);
}

/** Standard output is a socket as well: writing to its path means writing to its descriptor. */
function mapOutputPaths() {
  /** @type {Map<unknown, number>} */
  const descriptors = new Map([
    ["/dev/stdout", 1],
    ["/dev/stderr", 2],
  ]);
  const { writeFileSync, appendFileSync } = fs;
  fs.writeFileSync = (path, ...rest) => writeFileSync(descriptors.get(path) ?? path, ...rest);
  fs.appendFileSync = (path, ...rest) => appendFileSync(descriptors.get(path) ?? path, ...rest);
}

/** @param {string} source */
function isModule(source) {
  try {
    new vm.Script(Module.wrap(source), { filename: "main.js" });
    return false;
  } catch (error) {
    const said = String(error);
    if (/import statement|import\.meta|Unexpected token 'export'|await is only valid/.test(said)) return true;
    fs.writeSync(2, `${said.split("\n")[0]}\n`);
    process.exit(113);
  }
}

const received = readAll();
const length = received.readUInt32LE(0);
const source = received.toString("utf8", 4, 4 + length);
giveInput(received.subarray(4 + length));
mapOutputPaths();
const asModule = isModule(source);
const path = `/tmp/work/main.${asModule ? "mjs" : "js"}`;
fs.writeFileSync(path, source);
process.argv[1] = path;
if (asModule) {
  import(path);
} else {
  Module.runMain(path);
}
