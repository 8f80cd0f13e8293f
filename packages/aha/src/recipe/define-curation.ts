/** Turns what a curation's author wrote into a checked recipe with every default filled in. */
import { type CurationRecipe, type CurationRecipeInput, curationSchema } from "./curation-schema.ts";
import { problemsOf } from "./define-recipe.ts";
import { RecipeError } from "./recipe-error.ts";

/** Throws RecipeError naming every faulty key by its path. */
export function defineCuration(input: CurationRecipeInput): CurationRecipe {
  return parseCuration(input);
}

/** As `defineCuration`, for values of unknown type; `source` names the file in errors. */
export function parseCuration(input: unknown, source = "recipe"): CurationRecipe {
  const result = curationSchema.safeParse(input, { reportInput: true });
  if (result.success) return result.data;
  throw new RecipeError(problemsOf(result.error, curationSchema), source);
}
