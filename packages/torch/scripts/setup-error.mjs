/** The error of every set-up step: what is missing, and the command that mends it. */

/** Thrown when the machine lacks something; the scripts print its message without a stack. */
export class SetupError extends Error {
  /**
   * @param {string} problem what was expected and what was found instead
   * @param {string[]} remedies the commands or actions that mend it, the likeliest first
   */
  constructor(problem, remedies) {
    super([problem, ...remedies.map((remedy) => `  → ${remedy}`)].join("\n"));
    this.name = "SetupError";
    this.problem = problem;
    this.remedies = remedies;
  }
}
