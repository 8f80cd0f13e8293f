/** Reads a recipe file: a TypeScript or JavaScript module's default export, JSON, or YAML. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { extname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseRecipe, type Recipe } from "./define-recipe.ts";
import { applyOverrides } from "./overrides.ts";
import { RecipeError } from "./recipe-error.ts";

const moduleExtensions = [".ts", ".mts", ".js", ".mjs"];

/**
 * Loads, overrides and checks a recipe.
 *
 * @param file path to a `.ts`, `.mts`, `.js`, `.mjs`, `.json`, `.yaml` or `.yml` file
 * @param assignments overrides such as `rl.steps=20`
 * @throws {RecipeError} when the file is missing, unreadable or wrong, or an override is
 */
export async function loadRecipe(file: string, assignments: readonly string[] = []): Promise<Recipe> {
  return applyOverrides(parseRecipe(await readRecipeValue(file), file), assignments);
}

/**
 * What a recipe file of any kind holds, not yet checked.
 *
 * @throws {RecipeError} when the file is missing or unreadable
 */
export async function readRecipeValue(file: string): Promise<unknown> {
  const fail = (message: string, cause?: unknown) =>
    new RecipeError([{ path: "", message }], file, { cause });
  const path = resolve(file);
  if (!existsSync(path)) throw fail(`no such file (looked for ${path})`);
  if (statSync(path).isDirectory()) throw fail("is a folder; name the recipe file in it");
  return readValue(path, extname(path).toLowerCase(), fail);
}

type Fail = (message: string, cause?: unknown) => RecipeError;

async function readValue(path: string, extension: string, fail: Fail): Promise<unknown> {
  if (moduleExtensions.includes(extension)) return importDefault(path, fail);
  if (extension === ".json") {
    try {
      return JSON.parse(readFileSync(path, "utf8"));
    } catch (error) {
      throw fail(`is not JSON: ${messageOf(error)}`, error);
    }
  }
  if (extension === ".yaml" || extension === ".yml") {
    const { parse } = await import("yaml");
    try {
      return parse(readFileSync(path, "utf8"));
    } catch (error) {
      throw fail(`is not YAML: ${messageOf(error)}`, error);
    }
  }
  throw fail(`expected one of ${[...moduleExtensions, ".json", ".yaml", ".yml"].join(", ")}`);
}

async function importDefault(path: string, fail: Fail): Promise<unknown> {
  let module: { default?: unknown };
  try {
    module = await import(pathToFileURL(path).href);
  } catch (error) {
    if (error instanceof RecipeError) throw new RecipeError(error.problems, path, { cause: error });
    throw fail(`could not be loaded: ${messageOf(error)}`, error);
  }
  if (module.default === undefined)
    throw fail("has no default export; end it with `export default defineRecipe({…})`");
  return module.default;
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
