/** Raised when untrusted code cannot be run safely here: no wall, or no interpreter behind it. */

export class SandboxError extends Error {
  override readonly name = "SandboxError";
}
