/** Reads what the runners say: the judge's verdicts, and what a program answered. Bodies are untrusted JSON. */
import type { JsonValue } from "../../outcome.ts";
import type { Frame } from "./frames.ts";

/** A judge's verdict; it is the only frame whose content decides whether assertions passed. */
export interface Verdict {
  readonly event: "plan" | "result" | "done" | "unusable";
  readonly count: number;
  readonly passed: boolean;
  readonly used: boolean;
  readonly detail: string | undefined;
}

/** The body's JSON, or null where it is none. */
export function readJson(frame: Frame): JsonValue {
  try {
    return JSON.parse(frame.body.toString("utf8")) as JsonValue;
  } catch {
    return null;
  }
}

/** The body as an object, or null. */
export function readRecord(frame: Frame): { [key: string]: JsonValue } | null {
  const value = readJson(frame);
  return value !== null && typeof value === "object" && !Array.isArray(value) ? value : null;
}

export function readVerdict(frame: Frame): Verdict | null {
  const value = readRecord(frame);
  const event = value?.event;
  if (value === null || (event !== "plan" && event !== "result" && event !== "done" && event !== "unusable"))
    return null;
  return {
    event,
    count: typeof value.count === "number" ? value.count : 1,
    passed: value.passed === true,
    used: value.used === true,
    detail: typeof value.detail === "string" ? oneLine(value.detail) : undefined,
  };
}

/** An exception that a program raised, in one line. */
export function describeError(error: JsonValue): string {
  if (error === null || typeof error !== "object" || Array.isArray(error)) return "an exception";
  const classes = error.classes;
  const first = Array.isArray(classes) ? classes[0] : undefined;
  const name = Array.isArray(first) && typeof first[1] === "string" ? first[1] : "an exception";
  const message = typeof error.message === "string" ? error.message : "";
  return oneLine(`${name}: ${message}`);
}

const oneLine = (text: string): string => text.slice(0, 500).replaceAll("\n", " ");
