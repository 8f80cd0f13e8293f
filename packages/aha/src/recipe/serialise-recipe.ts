/** Shows a resolved recipe as JSON, for the run directory and for telling whether a resumed run is the same. */
import { createHash } from "node:crypto";
import type { JsonValue, Task } from "../tasks/task.ts";
import { isTaskSource } from "../tasks/task-source.ts";
import type { Recipe } from "./define-recipe.ts";
import { isTask } from "./task-registry.ts";

/**
 * Functions become `[function name]`; a task's questions become their count and a digest, so that a run is not resumed
 * on other data. For a task that is read from files, `loaded` is what was read.
 */
export function serialiseRecipe(recipe: Recipe, loaded?: Task): Record<string, JsonValue> {
  return Object.fromEntries(
    Object.entries(recipe)
      .filter(([key, value]) => key !== "$schema" && value !== undefined)
      .map(([key, value]) => [key, key === "task" ? taskToJson(value, loaded) : toJson(value)]),
  );
}

/** Any value of a recipe as JSON, in the same manner; its fields are those of a recipe. */
export function serialiseValue(value: object): Record<string, JsonValue> {
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, entry]) => entry !== undefined)
      .map(([key, entry]) => [key, key === "task" ? taskToJson(entry, undefined) : toJson(entry)]),
  );
}

function taskToJson(task: unknown, loaded: Task | undefined): JsonValue {
  if (isTask(task)) return toJson(task);
  const questions = loaded && { train: summary(loaded.train), heldOut: summary(loaded.heldOut) };
  const named = isTaskSource(task) ? { name: task.name, ...task.options } : task;
  return typeof named === "object" && named !== null ? plainObject({ ...named, questions }) : toJson(named);
}

function toJson(value: unknown): JsonValue {
  if (isTask(value)) {
    const { train, heldOut, ...rest } = value;
    return { ...plainObject(rest), train: summary(train), heldOut: summary(heldOut) };
  }
  if (hasRows(value)) return { name: value.name, ...summary(value.rows, "rows") };
  if (typeof value === "function") return `[function ${value.name === "" ? "anonymous" : value.name}]`;
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  if (typeof value === "bigint") return value.toString();
  if (Array.isArray(value)) return value.map(toJson);
  if (value instanceof Map || value instanceof Set) return [...value].map(toJson);
  if (typeof value === "object" && value !== null) return plainObject(value);
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
  return null;
}

function plainObject(value: object): Record<string, JsonValue> {
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, entry]) => entry !== undefined)
      .map(([key, entry]) => [key, toJson(entry)]),
  );
}

/** Data given as a value: `{ name, rows }`. */
function hasRows(value: unknown): value is { readonly name: string; readonly rows: readonly unknown[] } {
  if (typeof value !== "object" || value === null) return false;
  return "rows" in value && Array.isArray(value.rows) && "name" in value && typeof value.name === "string";
}

function summary(items: readonly unknown[], unit = "questions"): { [key: string]: JsonValue } {
  const digest = createHash("sha256").update(JSON.stringify(items)).digest("hex").slice(0, 16);
  return { [unit]: items.length, sha256: digest };
}

/** One leaf in which two recipes differ. */
export interface RecipeDifference {
  readonly path: string;
  readonly before: JsonValue | undefined;
  readonly after: JsonValue | undefined;
}

/** The leaves in which two serialised recipes differ, in the order of the first. */
export function recipeDifferences(before: JsonValue, after: JsonValue, path = ""): RecipeDifference[] {
  if (isObject(before) && isObject(after)) {
    const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
    return [...keys].flatMap((key) => {
      const inner = path === "" ? key : `${path}.${key}`;
      const [left, right] = [before[key], after[key]];
      if (left === undefined || right === undefined) return [{ path: inner, before: left, after: right }];
      return recipeDifferences(left, right, inner);
    });
  }
  return JSON.stringify(before) === JSON.stringify(after) ? [] : [{ path, before, after }];
}

const isObject = (value: JsonValue): value is { [key: string]: JsonValue } =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Fields that may change between a run and its resumption without making it another run. */
const harmless = [/^threads$/, /^cost(\.|$)/, /^evaluation\.every$/, /^(checkpoint|preflight|log)\./];

/**
 * Differences that forbid resuming a run under the new recipe: its steps would not be the same steps.
 * More steps are welcome as long as the schedule does not depend on their number.
 */
export function resumeObstacles(
  before: Record<string, JsonValue>,
  after: Record<string, JsonValue>,
): RecipeDifference[] {
  const { rl } = before;
  const constant = rl !== undefined && isObject(rl) && rl.schedule === "constant";
  return recipeDifferences(before, after).filter(
    ({ path, before: was, after: now }) =>
      // A run of an earlier version did not write down what its task's questions were, nor its algorithm.
      !(path === "task.questions" && was === undefined) &&
      !(path === "rl.algorithm" && was === undefined && now === "grpo") &&
      !(
        /^rl\.ppo(\.|$)/.test(path) &&
        isObject(after.rl ?? null) &&
        (after.rl as { algorithm?: JsonValue }).algorithm === "grpo"
      ) &&
      !harmless.some((pattern) => pattern.test(path)) &&
      !(constant && path === "rl.steps"),
  );
}
