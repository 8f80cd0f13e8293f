/** The error of data that cannot be read: where it stands, what was expected, what came, what to do. */

/** What went wrong, and where. */
export interface DataProblem {
  /** `file`, `file:line`, or `file:row n`. */
  readonly source: string;
  readonly expected: string;
  readonly got: string;
  readonly remedy: string;
}

/** Data that cannot be read or does not have the columns that are needed. */
export class DataError extends Error {
  override readonly name = "DataError";
  readonly source: string;

  constructor(problem: DataProblem, options?: ErrorOptions) {
    super(`${problem.source}: expected ${problem.expected}, got ${problem.got}. ${problem.remedy}`, options);
    this.source = problem.source;
  }
}
