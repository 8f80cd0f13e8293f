/** The errors of model folders: each says what was expected, what came, where, and what to do. */

/** What went wrong with one safetensors file. */
export interface SafetensorsProblem {
  readonly file: string;
  /** The tensor at fault, where it is one tensor's. */
  readonly tensor?: string;
  readonly expected: string;
  readonly got: string;
  readonly remedy?: string;
}

/** A safetensors file that cannot be trusted, or entries that cannot be written as one. */
export class SafetensorsError extends Error {
  override readonly name = "SafetensorsError";
  readonly file: string;
  readonly tensor: string | undefined;

  constructor(problem: SafetensorsProblem, options?: ErrorOptions) {
    const where = problem.tensor === undefined ? problem.file : `${problem.file}, tensor "${problem.tensor}"`;
    const remedy = problem.remedy ?? "Fetch or save the file again: it is damaged or was cut off.";
    super(`${where}: expected ${problem.expected}, got ${problem.got}. ${remedy}`, options);
    this.file = problem.file;
    this.tensor = problem.tensor;
  }
}

/** A model folder that lacks a file, or whose configuration this software does not support. */
export class ModelFolderError extends Error {
  override readonly name = "ModelFolderError";
  readonly file: string;

  constructor(
    problem: { readonly file: string; readonly message: string; readonly remedy: string },
    options?: ErrorOptions,
  ) {
    super(`${problem.file}: ${problem.message}. ${problem.remedy}`, options);
    this.file = problem.file;
  }
}
