/** `--set` for recipes that are checked after it: the assignment is made, and the schema says what is wrong with it. */
import { RecipeError } from "./recipe-error.ts";

/** A copy with the leaves set; a value that reads as JSON (numbers, booleans, lists) is taken as such, else as text. */
export function setLeaves(value: unknown, assignments: readonly string[]): unknown {
  return assignments.reduce((current, assignment) => {
    const equals = assignment.indexOf("=");
    if (equals <= 0) {
      const message = `expected path=value, such as sampling.temperature=0.7, got "${assignment}"`;
      throw new RecipeError([{ path: "", message }], "--set");
    }
    const path = assignment.slice(0, equals).trim().split(".");
    return setAt(current, path, readLeaf(assignment.slice(equals + 1).trim()));
  }, value);
}

function readLeaf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function setAt(value: unknown, [key = "", ...rest]: readonly string[], leaf: unknown): unknown {
  const object = typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
  const inner: unknown = Reflect.get(object, key);
  return { ...object, [key]: rest.length === 0 ? leaf : setAt(inner, rest, leaf) };
}
