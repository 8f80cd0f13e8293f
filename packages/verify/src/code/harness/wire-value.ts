/** The values of function-call tests as the host sees them: JSON going in, a decoded structure coming back. */
import type { JsonValue } from "../../outcome.ts";

/** A value of the program; containers may be shared or cyclic. */
export type WireValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | WireValue[]
  | WireSet
  | WireMap
  | WireOpaque;

export class WireSet {
  readonly items: WireValue[] = [];
}

export class WireMap {
  readonly entries: [WireValue, WireValue][] = [];
}

/** What has no JSON counterpart: bytes, complex numbers, dates, handles; equal to no expected value. */
export class WireOpaque {
  readonly description: string;
  constructor(description: string) {
    this.description = description;
  }
}

export class WireError extends Error {
  override readonly name = "WireError";
}

const deepestValue = 400;
const longestRange = 1_000_000;

/** `arguments` of a call test in the runners' form: lists and dictionaries tagged, numbers as they are. */
export function encodeJson(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return ["l", ...value.map(encodeJson)];
  if (value !== null && typeof value === "object")
    return ["d", ...Object.entries(value).flatMap(([key, item]) => [key, encodeJson(item)])];
  if (typeof value === "number" && !Number.isFinite(value)) return ["f", value > 0 ? "inf" : "-inf"];
  return value;
}

/**
 * Decodes what a program answered. `containers` are the argument containers in the order of their first
 * appearance, which an answer may refer to. Throws WireError for what is not a value; the depth is bounded.
 */
export function decodeWire(encoded: unknown, containers: WireValue[] = []): WireValue {
  return decode(encoded, containers, 0);
}

function decode(encoded: unknown, containers: WireValue[], depth: number): WireValue {
  if (encoded === null || typeof encoded === "boolean" || typeof encoded === "string") return encoded;
  if (typeof encoded === "number") return encoded;
  if (!Array.isArray(encoded)) throw new WireError("an object where a value was expected");
  if (depth > deepestValue) throw new WireError(`a value nested deeper than ${deepestValue}`);
  const [tag, ...rest] = encoded as unknown[];
  const inner = (item: unknown): WireValue => decode(item, containers, depth + 1);
  switch (tag) {
    case "l":
    case "q": {
      const list: WireValue[] = [];
      containers.push(list);
      for (const item of tag === "q" ? rest.slice(1) : rest) list.push(inner(item));
      return list;
    }
    case "t":
      return rest.map(inner);
    case "s": {
      const set = new WireSet();
      containers.push(set);
      for (const item of rest) set.items.push(inner(item));
      return set;
    }
    case "z": {
      const set = new WireSet();
      for (const item of rest) set.items.push(inner(item));
      return set;
    }
    case "d":
    case "o":
    case "n":
    case "M": {
      const map = new WireMap();
      containers.push(map);
      for (let place = 0; place + 1 < rest.length; place += 2)
        map.entries.push([inner(rest[place]), inner(rest[place + 1])]);
      return map;
    }
    case "B":
      containers.push(new WireOpaque("bytearray"));
      return containers.at(-1) as WireValue;
    case "m": {
      const container = typeof rest[0] === "number" ? containers[rest[0]] : undefined;
      if (container === undefined) throw new WireError("a reference to an unknown container");
      return container;
    }
    case "i":
      return decodeInteger(rest[0]);
    case "f":
      return rest[0] === "nan"
        ? Number.NaN
        : rest[0] === "-0"
          ? -0
          : rest[0] === "inf"
            ? Infinity
            : -Infinity;
    case "r":
      return decodeRange(rest);
    case "u":
      return null;
    case "h":
      return new WireOpaque(`an object (${String(rest[2]).slice(0, 100)})`);
    default:
      return new WireOpaque(String(tag).slice(0, 20));
  }
}

/** Hexadecimal, as both runners write integers that JSON's numbers would round. */
function decodeInteger(text: unknown): bigint {
  if (typeof text !== "string") throw new WireError("an integer that is not text");
  const digits = text.startsWith("-") ? text.slice(1) : text;
  if (!/^0x[0-9a-f]+$/.test(digits)) throw new WireError("an integer that is not hexadecimal");
  return text.startsWith("-") ? -BigInt(digits) : BigInt(digits);
}

function decodeRange(rest: readonly unknown[]): WireValue {
  const [start, stop, step] = rest;
  if (typeof start !== "number" || typeof stop !== "number" || typeof step !== "number" || step === 0)
    return new WireOpaque("range");
  const length = Math.max(0, Math.ceil((stop - start) / step));
  if (length > longestRange) return new WireOpaque("range");
  return Array.from({ length }, (_, place) => start + place * step);
}

/** Puts new contents (`[number, encoded container]`) into a container that was sent. */
export function applyChange(change: unknown, containers: WireValue[]): void {
  const [number, encoded] = Array.isArray(change) ? (change as unknown[]) : [];
  const known = containers.length;
  const target = typeof number === "number" ? containers[number] : undefined;
  if (target === undefined || !Array.isArray(encoded))
    throw new WireError("contents of an unknown container");
  // The contents are decoded as a container of their own, whose number is then taken back.
  const contents = decodeContents(encoded as unknown[], containers, known);
  if (Array.isArray(target) && Array.isArray(contents)) target.splice(0, target.length, ...contents);
  else if (target instanceof WireMap && contents instanceof WireMap)
    target.entries.splice(0, target.entries.length, ...contents.entries);
  else throw new WireError("contents of another kind than their container");
}

function decodeContents(encoded: unknown[], containers: WireValue[], known: number): WireValue {
  const value = decode(encoded, containers, 0);
  containers.splice(known, 1);
  return value;
}

/** A value as the text a checking program reads: JSON, sets and tuples as lists; throws WireError when too large. */
export function textOf(value: WireValue): string {
  let budget = 4_000_000;
  const plain = (item: WireValue, depth: number): JsonValue => {
    if (--budget < 0 || depth > deepestValue) throw new WireError("a value too large to write as text");
    if (item === null || typeof item !== "object")
      return typeof item === "bigint" ? String(item) : typeof item === "number" ? finite(item) : item;
    if (Array.isArray(item)) return item.map((inner) => plain(inner, depth + 1));
    if (item instanceof WireSet) return item.items.map((inner) => plain(inner, depth + 1));
    if (item instanceof WireMap)
      return Object.fromEntries(item.entries.map(([key, inner]) => [String(key), plain(inner, depth + 1)]));
    return item.description;
  };
  return JSON.stringify(plain(value, 0));
}

const finite = (value: number): JsonValue => (Number.isFinite(value) ? value : String(value));
