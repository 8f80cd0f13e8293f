/** The errors that come out of LibTorch and its binding. */

/** A LibTorch call that failed: says which operator, what LibTorch said, and what it was given. */
export class TorchError extends Error {
  override readonly name = "TorchError";
  /** The operator's name with its overload, such as `aten::mm`; empty where no operator was involved. */
  readonly operator: string;
  /** The arguments as `name: dtype [shape]`. */
  readonly given: string;

  constructor(message: string, operator = "", given = "") {
    super(`${operator ? `${operator}: ` : ""}${message.trim()}${given ? `\n  given ${given}` : ""}`);
    this.operator = operator;
    this.given = given;
  }
}

/** The addon or LibTorch itself can't be loaded. */
export class LibTorchMissingError extends Error {
  override readonly name = "LibTorchMissingError";

  constructor(what: string, options?: ErrorOptions) {
    super(
      `LibTorch is not ready: ${what}.\n  Run \`npm run setup\` in the project's folder: it finds or fetches LibTorch and ` +
        "compiles the addon. `npx aha doctor` shows what it sees.",
      options,
    );
  }
}
