/** The error of a prompt that cannot be sampled from. */

/** Says which prompt, what is wrong with it, and what would be right. */
export class PromptError extends RangeError {
  override readonly name = "PromptError";
}
