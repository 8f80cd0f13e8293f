/** Judges an answer to a Knights and Knaves puzzle by solving the puzzle itself. */
import { findBoxed } from "../format/find-boxed.ts";
import { findAnswers, type ThinkingOptions } from "../format/tagged-answer.ts";
import { visibleText } from "../format/visible-text.ts";
import type { Outcome } from "../outcome.ts";
import { type Role, readRoles } from "./read-roles.ts";
import { solveKnights } from "./solve-knights.ts";
import { KnightsPuzzleError, readStatements, type Statement } from "./statements.ts";

export interface KnightsPuzzle {
  readonly names: readonly string[];
  /** One a person, in the order of `names`; or the text of such a column (see `readStatements`). */
  readonly statements: string | readonly Statement[];
}

export interface KnightsVerdict {
  readonly outcome: Outcome;
  /** What the prediction says of each person it speaks of; null where it speaks of none. */
  readonly predicted: Readonly<Record<string, Role>> | null;
  /** The puzzle's one solution; null where the puzzle is at fault. */
  readonly expected: Readonly<Record<string, "knight" | "knave">> | null;
  /** One line for a human: why. */
  readonly detail: string;
}

const longestAnswer = 20_000;
const mostAnswers = 8;

/**
 * The puzzle's one solution: for each person whether they are a knight. Throws KnightsPuzzleError where it has
 * none or several, or cannot be read: call it when data are loaded.
 */
export function solveKnightsPuzzle(puzzle: KnightsPuzzle): boolean[] {
  const { names } = puzzle;
  if (names.length === 0 || new Set(names).size !== names.length || names.includes("")) {
    throw new KnightsPuzzleError(`Expected different names, got ${JSON.stringify(names).slice(0, 200)}.`);
  }
  const statements =
    typeof puzzle.statements === "string"
      ? readStatements(puzzle.statements, names.length)
      : puzzle.statements;
  if (statements.length !== names.length) {
    throw new KnightsPuzzleError(
      `Expected ${names.length} statements, one a person, got ${statements.length}.`,
    );
  }
  const solutions = solveKnights(statements);
  const [solution] = solutions;
  if (solution === undefined || solutions.length !== 1) {
    throw new KnightsPuzzleError(`Expected a puzzle with exactly one solution, got ${solutions.length}.`);
  }
  return solution;
}

/**
 * `correct` where the prediction names everyone's role as in the puzzle's one solution; `wrong` where it errs,
 * contradicts itself or leaves someone out; `unparsed` where it states nobody's role; `error` where the puzzle is
 * at fault. The last paragraph that states roles counts where there is no `<answer>` and no box; several answers
 * must all be right. Never throws for any prediction; linear in its length.
 */
export function verifyKnights(
  prediction: string,
  puzzle: KnightsPuzzle,
  options: ThinkingOptions = {},
): KnightsVerdict {
  let solution: boolean[];
  try {
    solution = solveKnightsPuzzle(puzzle);
  } catch (error) {
    if (!(error instanceof KnightsPuzzleError)) throw error;
    return { outcome: "error", predicted: null, expected: null, detail: error.message };
  }
  const { names } = puzzle;
  const expected = Object.fromEntries(
    names.map((name, person) => [name, solution[person] ? ("knight" as const) : ("knave" as const)]),
  );
  const verdict = (outcome: Outcome, roles: ReadonlyMap<number, Role>, detail: string): KnightsVerdict => {
    const said = names.flatMap((name, person) => {
      const role = roles.get(person);
      return role === undefined ? [] : [[name, role] as const];
    });
    return { outcome, predicted: said.length === 0 ? null : Object.fromEntries(said), expected, detail };
  };
  const answers = findStatedRoles(prediction, names, options);
  const last = answers.at(-1) ?? new Map<number, Role>();
  if (last.size === 0) return verdict("unparsed", last, "nobody's role is stated");
  if (answers.length > mostAnswers) return verdict("wrong", last, `${answers.length} answers`);
  for (const roles of answers) {
    const fault = findFault(roles, names, expected);
    if (fault !== null) return verdict("wrong", last, fault);
  }
  return verdict("correct", last, "as the puzzle's one solution");
}

function findFault(
  roles: ReadonlyMap<number, Role>,
  names: readonly string[],
  expected: Readonly<Record<string, string>>,
): string | null {
  for (const [person, name] of names.entries()) {
    const role = roles.get(person);
    if (role === undefined) return `says nothing of ${name}`;
    if (role === "both") return `says that ${name} is a knight and a knave`;
    if (role !== expected[name]) return `says that ${name} is a ${role}`;
  }
  return null;
}

/** What each answer states; several where the prediction gives several. */
function findStatedRoles(
  prediction: string,
  names: readonly string[],
  options: ThinkingOptions,
): ReadonlyMap<number, Role>[] {
  const read = (text: string) => readRoles(text.slice(0, longestAnswer), names);
  const tagged = findAnswers(prediction, options);
  if (tagged.length > 0) return tagged.slice(-mostAnswers - 1).map(read);
  const text = visibleText(prediction, options);
  const boxed = findBoxed(text)
    .slice(-mostAnswers - 1)
    .map(read);
  if (boxed.some((roles) => roles.size > 0)) return boxed;
  const paragraphs = text.split(/\n[^\S\n]*\n/).slice(-50);
  for (const paragraph of paragraphs.reverse()) {
    const roles = read(paragraph);
    if (roles.size > 0) return [roles];
  }
  return [];
}
