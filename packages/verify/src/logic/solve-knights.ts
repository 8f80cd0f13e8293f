/** Solves Knights and Knaves by trying every assignment. */
import { KnightsPuzzleError, type Statement } from "./statements.ts";

/** 2^16 assignments are tried in a few milliseconds; no puzzle for people has more. */
const mostPeople = 16;

/**
 * Every assignment (true: a knight) in which exactly the knights' statements are true. `statements` holds one
 * statement a person, in their order. Throws KnightsPuzzleError for more than 16 people.
 */
export function solveKnights(statements: readonly Statement[]): boolean[][] {
  const people = statements.length;
  if (people > mostPeople) {
    throw new KnightsPuzzleError(`Expected at most ${mostPeople} people, got ${people}.`);
  }
  const solutions: boolean[][] = [];
  for (let bits = 0; bits < 2 ** people; bits++) {
    const isKnight = (person: number): boolean => ((bits >> person) & 1) === 1;
    if (statements.every((statement, person) => isTrue(statement, isKnight) === isKnight(person))) {
      solutions.push(statements.map((_, person) => isKnight(person)));
    }
  }
  return solutions;
}

/** Depth is bounded where statements are read. */
function isTrue(statement: Statement, isKnight: (person: number) => boolean): boolean {
  switch (statement.kind) {
    case "knight":
      return isKnight(statement.person);
    case "knave":
      return !isKnight(statement.person);
    case "not":
      return !isTrue(statement.parts[0], isKnight);
    case "and":
      return statement.parts.every((part) => isTrue(part, isKnight));
    case "or":
      return statement.parts.some((part) => isTrue(part, isKnight));
    case "implies":
      return !isTrue(statement.parts[0], isKnight) || isTrue(statement.parts[1], isKnight);
    case "iff":
      return isTrue(statement.parts[0], isKnight) === isTrue(statement.parts[1], isKnight);
  }
}
