/** Judges whether a response follows the instructions of its prompt, strictly and loosely, as IFEval publishes it. */
import type { JsonValue, Outcome } from "../outcome.ts";
import type { Check, Instruction, InstructionOptions } from "./instruction.ts";
import { InstructionError } from "./instruction.ts";
import { makeCheck, plainId } from "./instruction-checks.ts";
import { isBlank, strip } from "./python-text.ts";

export interface InstructionVerdict {
  /** Whether every instruction is followed. */
  readonly all: boolean;
  /** By instruction, in their order. */
  readonly each: readonly boolean[];
}

export interface InstructionDetail {
  /** Without a language prefix. */
  readonly id: string;
  readonly strict: boolean;
  readonly loose: boolean;
  /** What the response as it stands has, for a human. */
  readonly found: string;
}

export interface InstructionsResult {
  /** `correct` where every instruction is strictly followed, else `wrong`. */
  readonly outcome: Outcome;
  /** The response as it stands. */
  readonly strict: InstructionVerdict;
  /** An upper bound: an instruction counts as followed where any of `looseVariants` follows it. */
  readonly loose: InstructionVerdict;
  readonly details: readonly InstructionDetail[];
}

/** A row of IFEval's JSONL, as far as it is needed here. */
export interface InstructionRow {
  readonly instruction_id_list: readonly string[];
  readonly kwargs: readonly (Readonly<Record<string, JsonValue>> | null)[];
}

/**
 * The instructions of a dataset row, checked to be checkable. Throws InstructionError, so that a row that cannot
 * be judged is told at load time and never becomes a reward.
 */
export function readInstructions(row: InstructionRow, options: InstructionOptions = {}): Instruction[] {
  if (row.instruction_id_list.length !== row.kwargs.length) {
    throw new InstructionError(
      `A row has ${row.instruction_id_list.length} instruction ids and ${row.kwargs.length} kwargs; ` +
        "each instruction needs one of each.",
    );
  }
  const instructions = row.instruction_id_list.map((id, index) => ({
    id,
    arguments: row.kwargs[index] ?? null,
  }));
  for (const instruction of instructions)
    makeCheck(instruction, { detectLanguage: () => undefined, ...options });
  return instructions;
}

/**
 * Time is linear in the response's length; nothing in a response makes it throw. Throws InstructionError where an
 * instruction cannot be checked. Where we differ from the published code: keywords, section splitters and unusual
 * postscript markers are literal text, not patterns; a missing argument is an error, not drawn at random; the
 * language comes from `options.detectLanguage`.
 */
export function verifyInstructions(
  response: string,
  instructions: readonly Instruction[],
  options: InstructionOptions = {},
): InstructionsResult {
  const variants = looseVariants(response).slice(1);
  const details = instructions.map((instruction) => {
    const check = makeCheck(instruction, options);
    const { followed: strict, found } = judge(check, response);
    const loose = strict || variants.some((variant) => judge(check, variant).followed);
    return { id: plainId(instruction.id), strict, loose, found };
  });
  const strict = verdict(details.map((detail) => detail.strict));
  return {
    outcome: strict.all ? "correct" : "wrong",
    strict,
    loose: verdict(details.map((detail) => detail.loose)),
    details,
  };
}

/** The response, then the seven ways IFEval forgives: without its first line, its last line, both, and asterisks. */
export function looseVariants(response: string): string[] {
  const lines = response.split("\n");
  const cut = [lines.slice(1), lines.slice(0, -1), lines.slice(1, -1)].map((kept) => strip(kept.join("\n")));
  const kept = [response, ...cut];
  return [...new Set([...kept, ...kept.map((text) => text.replaceAll("*", ""))])];
}

/** A blank text follows nothing, whatever is asked. */
function judge(check: Check, text: string): { followed: boolean; found: string } {
  return isBlank(text) ? { followed: false, found: "a blank response" } : check(text);
}

function verdict(each: readonly boolean[]): InstructionVerdict {
  return { all: each.every(Boolean), each };
}
