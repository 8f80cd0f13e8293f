/** A hub that could not be asked, or did not have what was asked for. */
export class HubError extends Error {
  override readonly name = "HubError";

  constructor(
    problem: { readonly what: string; readonly message: string; readonly remedy: string },
    options?: ErrorOptions,
  ) {
    super(`${problem.what}: ${problem.message}. ${problem.remedy}`, options);
  }
}
