/** An IFEval instruction, what a check of it says, and the error of one that cannot be checked. */
import type { JsonValue } from "../outcome.ts";

/** One instruction of a prompt, as IFEval's rows pair `instruction_id_list` with `kwargs`. */
export interface Instruction {
  /** For example `length_constraints:number_words`; a leading `en:` is accepted. */
  readonly id: string;
  /** The row's `kwargs`; null values count as absent, as in the copies that fill every row with every name. */
  readonly arguments?: Readonly<Record<string, JsonValue>> | null;
}

export interface CheckResult {
  readonly followed: boolean;
  /** What the response has, for a human: `2 of at least 3 bullets`. */
  readonly found: string;
}

/** Judges one text, never blank; linear in its length, and never throws. */
export type Check = (response: string) => CheckResult;

export interface InstructionOptions {
  /**
   * The ISO 639-1 code of the language a text is written in, undefined where it cannot be told. Wanted by
   * `language:response_language` and `change_case:english_*` alone.
   */
  readonly detectLanguage?: (text: string) => string | undefined;
  /**
   * What a text in no tellable language (only digits, say) counts as. Default `followed`, as published; a reward
   * wants `violated`, or it pays for text without words.
   */
  readonly undetectedLanguage?: "followed" | "violated";
}

/** An instruction that cannot be checked as given: unknown, or with an argument missing or out of range. */
export class InstructionError extends Error {
  override readonly name = "InstructionError";
}
