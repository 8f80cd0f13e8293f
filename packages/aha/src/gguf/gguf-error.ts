/** A GGUF file, or a model folder to be written as one, that cannot be converted. */
export class GgufError extends Error {
  override readonly name = "GgufError";
  readonly file: string;

  constructor(problem: { readonly file: string; readonly message: string; readonly remedy: string }) {
    super(`${problem.file}: ${problem.message}. ${problem.remedy}`);
    this.file = problem.file;
  }
}
