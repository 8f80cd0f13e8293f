/** Opens a run directory for a recipe: anew, or to go on after checking that it is still the same run. */
import { existsSync, readFileSync } from "node:fs";
import type { Recipe } from "../recipe/define-recipe.ts";
import { RecipeError } from "../recipe/recipe-error.ts";
import { resumeObstacles, serialiseRecipe } from "../recipe/serialise-recipe.ts";
import { type RunDirectory, resumeRun, runPaths, startRun } from "../run/run-directory.ts";
import type { JsonValue, Task } from "../tasks/task.ts";

/** Throws RecipeError where the recipe of a resumed run, or the task's data, differ in what must not differ. */
export function openRun(root: string, recipe: Recipe, resume: boolean, task?: Task): RunDirectory {
  const serialised = serialiseRecipe(recipe, task);
  if (!resume) return startRun(root, serialised);
  const { recipe: file } = runPaths(root);
  if (existsSync(file)) {
    const before = JSON.parse(readFileSync(file, "utf8")) as Record<string, JsonValue>;
    const obstacles = resumeObstacles(before, serialised);
    if (obstacles.length > 0) {
      throw new RecipeError(
        obstacles.map(({ path, before: was, after }) => ({
          path,
          message: `is ${JSON.stringify(after)} now, but the run was started with ${JSON.stringify(was)}; resume with the same recipe, or start another run by --run-dir`,
        })),
      );
    }
  }
  return resumeRun(root, serialised);
}
