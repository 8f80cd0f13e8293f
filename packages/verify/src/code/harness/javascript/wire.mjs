/** What the two ends of a JavaScript function-call test say to each other: the protocol of python/wire.py. */
import fs from "node:fs";

// Taken before any program runs: it may replace them for itself, and honest programs do so by accident.
const { readSync, writeSync, read } = fs;
const { parse, stringify } = JSON;

const largestFrame = 16 << 20;
const deepestValue = 150;
const longestArray = 5_000_000;

/** @typedef {{ letter: string, body: unknown }} Frame */

/** The other end broke the protocol. `reason` stays set, so that a test that catches everything cannot pass. */
class ProtocolError extends Error {
  /** @type {string | null} */
  static reason = null;
  /** @param {string} reason */
  constructor(reason) {
    super(reason);
    ProtocolError.reason ??= reason;
  }
}

const pause = new Int32Array(new SharedArrayBuffer(4));

/**
 * Repeats a system call that found its pipe not ready.
 * @param {() => number} action
 */
function patiently(action) {
  while (true) {
    try {
      return action();
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== "EAGAIN") throw error;
      Atomics.wait(pause, 0, 0, 1);
    }
  }
}

/** @param {number} count */
function readExactly(count) {
  const buffer = Buffer.allocUnsafe(count);
  for (let have = 0; have < count; ) {
    const got = patiently(() => readSync(0, buffer, have, count - have, null));
    if (got === 0) process.exit(0);
    have += got;
  }
  return buffer;
}

/** @param {number} count @returns {Promise<Buffer>} */
async function readExactlyLater(count) {
  const buffer = Buffer.allocUnsafe(count);
  for (let have = 0; have < count; ) {
    const got = await new Promise((resolve, reject) =>
      read(0, buffer, have, count - have, null, (error, bytes) => (error ? reject(error) : resolve(bytes))),
    );
    if (got === 0) process.exit(0);
    have += got;
  }
  return buffer;
}

/** @param {Buffer} header */
function bodyLength(header) {
  const length = header.readUInt32BE(0);
  if (length > largestFrame) throw new ProtocolError(`a frame of ${length} bytes`);
  return length;
}

/** Blocks until a frame is there. @returns {Frame} */
function receive() {
  const header = readExactly(5);
  const body = readExactly(bodyLength(header));
  return { letter: header.toString("latin1", 4), body: parse(body.toString("utf8")) };
}

/** Waits for a frame while the event loop turns. @returns {Promise<Frame>} */
async function receiveLater() {
  const header = await readExactlyLater(5);
  const body = await readExactlyLater(bodyLength(header));
  return { letter: header.toString("latin1", 4), body: parse(body.toString("utf8")) };
}

/** @param {string} letter @param {unknown} value */
function send(letter, value) {
  const body = Buffer.from(stringify(value), "utf8");
  if (body.length > largestFrame)
    throw new RangeError(`a value of ${body.length} bytes is too large to send`);
  const whole = Buffer.alloc(5 + body.length);
  whole.writeUInt32BE(body.length, 0);
  whole.write(letter, 4, "latin1");
  body.copy(whole, 5);
  for (let sent = 0; sent < whole.length; ) sent += patiently(() => writeSync(1, whole, sent));
}

/** @typedef {unknown[] | Map<unknown, unknown> | Set<unknown> | { [key: string]: unknown }} Container */

/** @param {unknown} value @returns {value is { [key: string]: unknown }} */
function isPlainObject(value) {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** @param {unknown} value @returns {value is Container} */
const isContainer = (value) =>
  Array.isArray(value) || value instanceof Map || value instanceof Set || isPlainObject(value);

/** Values to JSON; `containers` are those that the other end already knows, by number. */
class Encoder {
  /** @param {(value: unknown) => unknown} exported @param {readonly Container[]} [containers] */
  constructor(exported, containers = []) {
    this.exported = exported;
    this.containers = [...containers];
    this.numbers = new Map(
      containers.map((container, number) => [/** @type {unknown} */ (container), number]),
    );
  }

  /** @param {unknown} value @param {number} [depth] @returns {unknown} */
  encode(value, depth = 0) {
    if (value === null || typeof value === "boolean" || typeof value === "string") return value;
    if (value === undefined) return ["u"];
    if (typeof value === "number") return encodeNumber(value);
    if (typeof value === "bigint")
      return ["i", value < 0n ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`];
    if (depth > deepestValue)
      throw new RangeError(`a value nested deeper than ${deepestValue} cannot be sent`);
    if (isContainer(value)) {
      const number = this.numbers.get(value);
      if (number !== undefined) return ["m", number];
      this.numbers.set(value, this.containers.length);
      this.containers.push(value);
      return this.contents(value, depth);
    }
    if (value instanceof Date) return ["T", "Date", encodeNumber(value.getTime())];
    if (value instanceof RegExp) return ["R", value.source, value.flags];
    if (value instanceof Uint8Array) return ["b", Buffer.from(value).toString("base64")];
    if (ArrayBuffer.isView(value) && !(value instanceof DataView))
      return [
        "A",
        value.constructor.name,
        Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64"),
      ];
    return this.exported(value);
  }

  /** @param {Container} value @param {number} [depth] @returns {unknown[]} */
  contents(value, depth = 0) {
    /** @param {unknown} item */
    const inner = (item) => this.encode(item, depth + 1);
    if (Array.isArray(value)) {
      if (value.length > longestArray) throw new RangeError("an array too long to send");
      return ["l", ...Array.from(value, inner)];
    }
    if (value instanceof Set) return ["s", ...Array.from(value, inner)];
    if (value instanceof Map)
      return ["M", ...Array.from(value).flatMap(([key, item]) => [inner(key), inner(item)])];
    return ["d", ...Object.keys(value).flatMap((key) => [key, inner(value[key])])];
  }
}

/** @param {number} value */
function encodeNumber(value) {
  if (Number.isNaN(value)) return ["f", "nan"];
  if (!Number.isFinite(value)) return ["f", value > 0 ? "inf" : "-inf"];
  return Object.is(value, -0) ? ["f", "-0"] : value;
}

/** @type {{ readonly [name: string]: (buffer: ArrayBuffer) => unknown }} */
const typedArrays = {
  Int8Array: (buffer) => new Int8Array(buffer),
  Uint8ClampedArray: (buffer) => new Uint8ClampedArray(buffer),
  Int16Array: (buffer) => new Int16Array(buffer),
  Uint16Array: (buffer) => new Uint16Array(buffer),
  Int32Array: (buffer) => new Int32Array(buffer),
  Uint32Array: (buffer) => new Uint32Array(buffer),
  Float32Array: (buffer) => new Float32Array(buffer),
  Float64Array: (buffer) => new Float64Array(buffer),
  BigInt64Array: (buffer) => new BigInt64Array(buffer),
  BigUint64Array: (buffer) => new BigUint64Array(buffer),
};

/** JSON to values, all of plain built-in types, or handles. */
class Decoder {
  /** @param {(encoded: unknown[]) => unknown} resolve @param {readonly Container[]} [containers] */
  constructor(resolve, containers = []) {
    this.resolve = resolve;
    this.containers = [...containers];
  }

  /** @param {unknown} encoded @param {number} [depth] @returns {unknown} */
  decode(encoded, depth = 0) {
    if (!Array.isArray(encoded)) {
      if (typeof encoded === "object" && encoded !== null) throw new ProtocolError("an object for a value");
      return encoded;
    }
    if (depth > 4 * deepestValue) throw new ProtocolError("a value nested too deep");
    const text = String(encoded[1]);
    switch (encoded[0]) {
      case "l":
        return this.container([], encoded, depth);
      case "d":
        return this.container({}, encoded, depth);
      case "s":
        return this.container(new Set(), encoded, depth);
      case "M":
        return this.container(new Map(), encoded, depth);
      case "t":
        return encoded.slice(1).map((item) => this.decode(item, depth + 1));
      case "m":
        return this.containers[Number(encoded[1])];
      case "u":
        return undefined;
      case "i":
        return text.startsWith("-") ? -BigInt(text.slice(1)) : BigInt(text);
      case "f":
        return { nan: Number.NaN, inf: Infinity, "-inf": -Infinity }[text] ?? -0;
      case "b":
        return new Uint8Array(Buffer.from(text, "base64"));
      case "A":
        return typedArrays[text]?.(new Uint8Array(Buffer.from(String(encoded[2]), "base64")).buffer);
      case "T":
        return new Date(Number(this.decode(encoded[2])));
      case "R":
        return new RegExp(text, String(encoded[2]));
      default:
        return this.resolve(encoded);
    }
  }

  /** @param {Container} container @param {unknown[]} encoded @param {number} depth */
  container(container, encoded, depth) {
    this.containers.push(container);
    this.fill(container, encoded, depth);
    return container;
  }

  /** Gives a container the encoded contents, in place. @param {Container} container @param {unknown[]} encoded @param {number} [depth] */
  fill(container, encoded, depth = 0) {
    const items = encoded.slice(1).map((item) => this.decode(item, depth + 1));
    if (Array.isArray(container) && encoded[0] === "l") {
      container.length = 0;
      for (const item of items) container.push(item);
    } else if (container instanceof Set && encoded[0] === "s") {
      container.clear();
      for (const item of items) container.add(item);
    } else if (container instanceof Map && encoded[0] === "M") {
      container.clear();
      for (let place = 0; place < items.length; place += 2) container.set(items[place], items[place + 1]);
    } else if (isPlainObject(container) && encoded[0] === "d") {
      for (const key of Object.keys(container)) delete container[key];
      for (let place = 0; place < items.length; place += 2)
        // Not an assignment, so that a key named __proto__ stays a key.
        Object.defineProperty(container, String(items[place]), {
          value: items[place + 1],
          writable: true,
          enumerable: true,
          configurable: true,
        });
    } else throw new ProtocolError("contents of another kind than their container");
  }
}

/** What a container holds, as a flat list. @param {Container} container @returns {unknown[]} */
function snapshot(container) {
  if (Array.isArray(container)) return [...container];
  if (container instanceof Set) return [...container];
  if (container instanceof Map) return [...container].flat(1);
  return Object.keys(container).flatMap((key) => [key, container[key]]);
}

/** @param {Container} container @param {unknown[]} before */
function unchanged(container, before) {
  const now = snapshot(container);
  return now.length === before.length && now.every((item, place) => Object.is(item, before[place]));
}

export { Decoder, Encoder, isContainer, ProtocolError, receive, receiveLater, send, snapshot, unchanged };
