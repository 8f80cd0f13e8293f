/** Applies the command line's `--set rl.learningRate=1e-6` to a recipe, leaf by leaf. */
import { z } from "zod";
import { isTaskSource } from "../tasks/task-source.ts";
import {
  keysAt,
  parseRecipe,
  type Recipe,
  recipeSchemas,
  unknownKeyMessage,
  unwrap,
} from "./define-recipe.ts";
import { RecipeError } from "./recipe-error.ts";
import { isReference } from "./task-registry.ts";

/**
 * The recipe with the assignments made and checked anew. A value is read as the field's type wants it:
 * text, or JSON (numbers, `true`, `[0.9,0.95]`), or a comma-separated list.
 *
 * @param assignments such as `rl.steps=20`; later ones win
 * @throws {RecipeError} for a malformed assignment, an unknown path, a section, or a value of the wrong type
 */
export function applyOverrides(recipe: Recipe, assignments: readonly string[], source = "--set"): Recipe {
  let result: Recipe = recipe;
  for (const assignment of assignments) result = assign(result, assignment, source);
  return assignments.length === 0 ? recipe : parseRecipe(result, source);
}

function assign(recipe: Recipe, assignment: string, source: string): Recipe {
  const fail = (path: string, message: string) => new RecipeError([{ path, message }], source);
  const equals = assignment.indexOf("=");
  if (equals <= 0) throw fail("", `expected path=value, such as rl.learningRate=1e-6, got "${assignment}"`);
  const dotted = assignment.slice(0, equals).trim();
  const raw = assignment.slice(equals + 1).trim();
  const path = dotted.split(".");
  if (dotted === "stage") throw fail(dotted, "the kind of recipe cannot be overridden; edit the recipe");

  let schema: unknown = recipeSchemas[recipe.stage];
  for (const [depth, key] of path.entries()) {
    const object = unwrap(schema);
    const parent = path.slice(0, depth);
    if (object === undefined) {
      return setOption(recipe, parent, path, raw, source);
    }
    if (!Object.hasOwn(object.shape, key)) {
      const known = keysAt(recipeSchemas[recipe.stage], parent);
      throw fail(dotted, unknownKeyMessage(key, parent.join("."), known));
    }
    schema = object.shape[key];
  }
  const section = unwrap(schema);
  if (section !== undefined) {
    throw fail(dotted, `is a section; set one of its fields: ${Object.keys(section.shape).join(", ")}`);
  }
  return setAt(recipe, path, coerce(raw, schema));
}

/** Sets an option of a task or corpus that the recipe names; one given as a value in code cannot be reached. */
function setOption(
  recipe: Recipe,
  parent: readonly string[],
  path: readonly string[],
  raw: string,
  source: string,
): Recipe {
  const holder = getAt(recipe, parent);
  if (isReference(holder)) return setAt(recipe, path, jsonOrText(raw));
  const option = path.slice(parent.length);
  if (isTaskSource(holder) && option.length === 1) {
    return setAt(recipe, parent, holder.with(option.join(), jsonOrText(raw)));
  }
  const why =
    typeof holder === "object" && holder !== null && !Array.isArray(holder)
      ? "is a value made in the recipe's code; change it there"
      : "has no fields of its own";
  throw new RecipeError([{ path: path.join("."), message: `${parent.join(".")} ${why}` }], source);
}

/** The first reading of the text that the field accepts; the text itself where none is, for the error. */
function coerce(raw: string, schema: unknown): unknown {
  if (!(schema instanceof z.ZodType)) return raw;
  const readings: unknown[] = [raw, jsonOrText(raw), raw.split(",").map((part) => jsonOrText(part.trim()))];
  const accepted = readings.find((reading) => schema.safeParse(reading).success);
  return accepted ?? jsonOrText(raw);
}

function jsonOrText(raw: string): z.core.util.JSONType {
  try {
    const value: z.core.util.JSONType = JSON.parse(raw);
    return value;
  } catch {
    return raw; // Text that is not JSON stands for itself.
  }
}

function getAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (current, key) =>
      typeof current === "object" && current !== null
        ? Object.entries(current).find(([k]) => k === key)?.[1]
        : undefined,
    value,
  );
}

/** A copy with the leaf replaced; what lies beside the path is shared, so task values stay themselves. */
function setAt<Value>(value: Value, path: readonly string[], leaf: unknown): Value {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  const child: unknown = getAt(value, [key]);
  return { ...value, [key]: rest.length === 0 ? leaf : setAt(child, rest, leaf) };
}
