/** Checks the options of a task, corpus or tokenizer that a JSON recipe names, before its factory gets them. */
import type { z } from "zod";
import type { JsonValue } from "../tasks/task.ts";
import { problemsOf } from "./define-recipe.ts";
import { RecipeError } from "./recipe-error.ts";

/**
 * A factory for a `Registry`: options that the schema does not know or like fail with their path and the
 * nearest known key, as everywhere in a recipe.
 *
 * @param schema a strict object, such as `z.strictObject({ numbers: z.int().positive().optional() })`
 */
export function checkedOptions<Schema extends z.ZodType, Value>(
  schema: Schema,
  make: (options: z.output<Schema>) => Value,
): (options: Readonly<Record<string, JsonValue>>) => Value {
  return (options) => {
    const result = schema.safeParse(options, { reportInput: true });
    if (!result.success) throw new RecipeError(problemsOf(result.error, schema));
    return make(result.data);
  };
}
