/** Reads an instruction's arguments by name and type; what is missing is an error, never a value drawn at random. */
import type { JsonValue } from "../outcome.ts";
import { type Instruction, InstructionError } from "./instruction.ts";

/** How a count is compared; IFEval's two relations. */
export type Relation = "less than" | "at least";

/** Longer arguments are refused: searching for one costs up to its length for each character of a response. */
const longestText = 2000;

export interface ArgumentReader {
  /** A whole number of at least `smallest` (default 0). */
  count(name: string, smallest?: number): number;
  /** A text to search for, of at most 2,000 characters. */
  text(name: string): string;
  /** A text of any length, to compare with. */
  longText(name: string): string;
  texts(name: string): readonly string[];
  /** One character, in lower case. */
  letter(name: string): string;
  relation(name: string): Relation;
}

/** Throws InstructionError for an argument no instruction of this id has; `names` are all that it has. */
export function readArguments(instruction: Instruction, names: readonly string[]): ArgumentReader {
  const given = new Map(Object.entries(instruction.arguments ?? {}).filter(([, value]) => value !== null));
  const fail = (name: string, expected: string, value: JsonValue | undefined): InstructionError =>
    new InstructionError(
      `Instruction ${instruction.id}: argument "${name}" should be ${expected}, but is ${describe(value)}. ` +
        `Correct it in the row's kwargs.`,
    );
  for (const name of given.keys()) {
    if (names.includes(name)) continue;
    const known = names.length > 0 ? names.join(", ") : "none";
    throw new InstructionError(
      `Instruction ${instruction.id} has no argument "${name}"; its arguments: ${known}.`,
    );
  }
  const text = (
    name: string,
    value: JsonValue | undefined,
    expected: string,
    longest = longestText,
  ): string => {
    if (typeof value !== "string" || value.trim() === "") throw fail(name, expected, value);
    if (value.length > longest) throw fail(name, `at most ${longest} characters long`, value);
    return value;
  };
  return {
    count(name, smallest = 0) {
      const value = given.get(name);
      if (typeof value === "number" && Number.isSafeInteger(value) && value >= smallest) return value;
      throw fail(name, `a whole number of at least ${smallest}`, value);
    },
    longText: (name) => text(name, given.get(name), "a text that is not blank", Number.POSITIVE_INFINITY),
    text: (name) => text(name, given.get(name), "a text that is not blank"),
    texts(name) {
      const value = given.get(name);
      const expected = "a list of texts that are not blank";
      if (!Array.isArray(value) || value.length === 0) throw fail(name, expected, value);
      return value.map((item) => text(name, item, expected));
    },
    letter(name) {
      const letter = text(name, given.get(name), "one character").trim().toLowerCase();
      if ([...letter].length !== 1) throw fail(name, "one character", given.get(name));
      return letter;
    },
    relation(name) {
      const value = given.get(name);
      if (value === "less than" || value === "at least") return value;
      throw fail(name, '"less than" or "at least"', value);
    },
  };
}

/** Whether a count stands in the relation, and the sentence that says so. */
export function compareCount(count: number, relation: Relation, threshold: number, what: string) {
  const followed = relation === "less than" ? count < threshold : count >= threshold;
  return { followed, found: `${count} ${what}, ${relation} ${threshold} wanted` };
}

function describe(value: JsonValue | undefined): string {
  if (value === undefined) return "missing";
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}… (${text.length} characters)` : text;
}
