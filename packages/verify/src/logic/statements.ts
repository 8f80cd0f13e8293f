/** What the people of a Knights and Knaves puzzle say, as data, and how it is read from a data set's column. */

/** A statement about people, by their index. A knight tells the truth, a knave lies. */
export type Statement =
  | { readonly kind: "knight" | "knave"; readonly person: number }
  | { readonly kind: "not"; readonly parts: readonly [Statement] }
  | { readonly kind: "and" | "or"; readonly parts: readonly Statement[] }
  | { readonly kind: "implies" | "iff"; readonly parts: readonly [Statement, Statement] };

/** A puzzle that cannot be read, or that has not exactly one solution: the data set's fault. */
export class KnightsPuzzleError extends Error {
  override readonly name = "KnightsPuzzleError";
}

const longestText = 20_000;
const deepest = 40;
const token = /\s*(?:([(),])|'([^']{1,40})'|"([^"]{1,40})"|(\d{1,4})(?!\d))/y;

type Node = string | number | readonly Node[];

/**
 * Reads statements written as a Python tuple, one for each person in order, as the data of Logic-RL and of
 * K&K (Xie et al., 2024, arXiv:2410.23123) have them: `(('not', ('lying', 0)), ('<=>', ('telling-truth', 1), …))`.
 * Throws KnightsPuzzleError.
 */
export function readStatements(text: string, people: number): Statement[] {
  if (text.length > longestText) throw problem(text, `at most ${longestText} characters`);
  const root = readTuple(text);
  if (typeof root === "string" || typeof root === "number" || root.length !== people) {
    throw problem(text, `a tuple of ${people} statements, one for each person`);
  }
  return root.map((node) => toStatement(node, people, text));
}

/** Tuples, strings and whole numbers, without recursion. */
function readTuple(text: string): Node {
  const open: Node[][] = [];
  let last: Node | undefined;
  token.lastIndex = 0;
  while (token.lastIndex < text.trimEnd().length) {
    const match = token.exec(text);
    if (match === null || (last !== undefined && open.length === 0)) throw problem(text, "one tuple");
    const [, mark, single, double, digits] = match;
    if (mark === "(") {
      if (open.length >= deepest) throw problem(text, `at most ${deepest} brackets within each other`);
      open.push([]);
      continue;
    }
    if (mark === ",") continue;
    let value: Node;
    if (mark === ")") {
      const closed = open.pop();
      if (closed === undefined) throw problem(text, "every bracket to have been opened");
      value = closed;
    } else value = single ?? double ?? Number(digits);
    const around = open.at(-1);
    if (around === undefined) last = value;
    else around.push(value);
  }
  if (last === undefined || open.length > 0) throw problem(text, "one whole tuple");
  return last;
}

function toStatement(node: Node, people: number, text: string): Statement {
  if (typeof node === "string" || typeof node === "number") throw problem(text, "a statement in brackets");
  const [operator, ...rest] = node;
  if (operator === "telling-truth" || operator === "lying") {
    const [person] = rest;
    if (rest.length !== 1 || typeof person !== "number" || person >= people) {
      throw problem(text, `one person from 0 to ${people - 1} after '${operator}'`);
    }
    return { kind: operator === "lying" ? "knave" : "knight", person };
  }
  const parts = rest.map((part) => toStatement(part, people, text));
  const [first, second] = parts;
  if (operator === "not" && first !== undefined && parts.length === 1) return { kind: "not", parts: [first] };
  if ((operator === "and" || operator === "or") && parts.length >= 2) return { kind: operator, parts };
  if (
    (operator === "->" || operator === "<=>") &&
    first !== undefined &&
    second !== undefined &&
    parts.length === 2
  ) {
    return { kind: operator === "->" ? "implies" : "iff", parts: [first, second] };
  }
  throw problem(text, "'telling-truth', 'lying', 'not', 'and', 'or', '->' or '<=>' with its parts");
}

function problem(text: string, expected: string): KnightsPuzzleError {
  return new KnightsPuzzleError(
    `Statements: expected ${expected}, got ${JSON.stringify(text.slice(0, 200))}.`,
  );
}
