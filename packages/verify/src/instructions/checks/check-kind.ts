/** How a kind of instruction is made into a check. */
import type { Check, InstructionOptions } from "../instruction.ts";
import type { ArgumentReader } from "../instruction-arguments.ts";

export interface CheckKind {
  /** The arguments it has. */
  readonly names: readonly string[];
  /** Throws InstructionError where an argument is missing or cannot be meant. */
  readonly make: (given: ArgumentReader, options: InstructionOptions) => Check;
}
