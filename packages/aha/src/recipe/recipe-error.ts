/** The one error a bad recipe raises: where it is wrong, what was expected, and what to do. */

/** One fault of a recipe. */
export interface RecipeProblem {
  /** Dotted path of the faulty key, such as `rl.learningRate`; empty for the recipe as a whole. */
  readonly path: string;
  /** What was expected, what came, and the remedy, in one sentence. */
  readonly message: string;
}

/** Raised for every way a recipe can be wrong; it lists all the faults found, not only the first. */
export class RecipeError extends Error {
  override readonly name = "RecipeError";
  readonly problems: readonly RecipeProblem[];

  constructor(problems: readonly RecipeProblem[], source = "recipe", options?: ErrorOptions) {
    const lines = problems.map(({ path, message }) => (path === "" ? message : `${path}: ${message}`));
    super(
      lines.length === 1
        ? `${source}: ${lines[0]}`
        : `${source}:\n${lines.map((l) => `  - ${l}`).join("\n")}`,
      options,
    );
    this.problems = problems;
  }
}
