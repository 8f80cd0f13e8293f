/** Sets, tuples, intervals and matrices made from their parts, with equal and changed forms by construction. */
import type { Family } from "./construct-algebra.ts";
import type { Random } from "./random.ts";

function distinct(random: Random, count: number, low = -12, high = 30): number[] {
  const values = new Set<number>();
  while (values.size < count) values.add(random.integer(low, high));
  return [...values];
}

const sets: Family = (random) => {
  const values = distinct(random, random.integer(2, 5));
  const [first = 0, ...rest] = values;
  return {
    family: "set",
    gold: `\\{${values.join(", ")}\\}`,
    right: [
      { rule: "reordered", text: `\\{${random.shuffle(values).join(",")}\\}` },
      { rule: "without braces", text: [...values].reverse().join(", ") },
      { rule: "\\left \\right", text: `\\left\\{ ${random.shuffle(values).join(", \\ ")} \\right\\}` },
      {
        rule: "unreduced elements",
        text: `\\{${values.map((value) => `\\frac{${value * 2}}{2}`).join(", ")}\\}`,
      },
      { rule: "membership", text: `x \\in \\{${values.join(", ")}\\}` },
      { rule: "and", text: `${rest.join(", ")} \\text{ and } ${first}` },
    ],
    wrong: [
      { rule: "element dropped", text: `\\{${rest.join(", ")}\\}` },
      { rule: "element added", text: `\\{${[...values, 77].join(", ")}\\}` },
      { rule: "element changed", text: `\\{${[first + 50, ...rest].join(", ")}\\}` },
      { rule: "a single one", text: String(first) },
      { rule: "one doubled for another", text: `\\{${[...rest, rest[0]].join(", ")}\\}` },
    ],
  };
};

const tuples: Family = (random) => {
  const values = distinct(random, random.integer(3, 4));
  const [first = 0, second = 0, ...rest] = values;
  return {
    family: "tuple",
    gold: `(${values.join(", ")})`,
    right: [
      { rule: "tight", text: `(${values.join(",")})` },
      { rule: "\\left \\right", text: `\\left(${values.join(", ")}\\right)` },
      {
        rule: "assignment",
        text: `(${["x", "y", "z", "w"].slice(0, values.length).join(", ")}) = (${values.join(", ")})`,
      },
      { rule: "decimals", text: `(${values.map((value) => `${value}.0`).join(", ")})` },
      { rule: "fractions", text: `(${values.map((value) => `\\frac{${3 * value}}{3}`).join(", ")})` },
    ],
    wrong: [
      { rule: "swapped", text: `(${[second, first, ...rest].join(", ")})` },
      { rule: "dropped", text: `(${values.slice(0, -1).join(", ")})` },
      { rule: "changed", text: `(${[first + 1, second, ...rest].join(", ")})` },
      { rule: "added", text: `(${[...values, 5].join(", ")})` },
      { rule: "negated one", text: `(${[first, second === 0 ? 4 : -second, ...rest].join(", ")})` },
    ],
  };
};

const intervals: Family = (random) => {
  const low = random.integer(-15, 5);
  const high = low + random.integer(1, 20);
  const [open, close] = [random.pick(["(", "["]), random.pick([")", "]"])];
  const [left, right] = [open === "[" ? "\\le" : "<", close === "]" ? "\\le" : "<"];
  return {
    family: "interval",
    gold: `x \\in ${open}${low}, ${high}${close}`,
    right: [
      { rule: "bare", text: `${open}${low},${high}${close}` },
      { rule: "inequality", text: `${low} ${left} x ${right} ${high}` },
      { rule: "\\left \\right", text: `x\\in\\left${open}${low},\\,${high}\\right${close}` },
      {
        rule: "turned inequality",
        text: `${high} ${right === "<" ? ">" : "\\ge"} x ${left === "<" ? ">" : "\\ge"} ${low}`,
      },
      { rule: "Unicode", text: `x ∈ ${open}${low}, ${high}${close}` },
    ],
    wrong: [
      { rule: "left bracket", text: `${open === "(" ? "[" : "("}${low}, ${high}${close}` },
      { rule: "right bracket", text: `${open}${low}, ${high}${close === ")" ? "]" : ")"}` },
      { rule: "bound", text: `${open}${low - 1}, ${high}${close}` },
      {
        rule: "both strictnesses",
        text: `${low} ${left === "<" ? "\\le" : "<"} x ${right === "<" ? "\\le" : "<"} ${high}`,
      },
      { rule: "half", text: `x ${left === "<" ? ">" : "\\ge"} ${low}` },
      { rule: "as set", text: `\\{${low}, ${high}\\}` },
    ],
  };
};

const matrices: Family = (random) => {
  const rows = random.integer(1, 3);
  const cells = Array.from({ length: rows }, () => Array.from({ length: 2 }, () => random.integer(-9, 9)));
  const write = (values: readonly (readonly number[])[], kind: string, and = " & ", end = " \\\\ "): string =>
    `\\begin{${kind}}${values.map((row) => row.join(and)).join(end)}\\end{${kind}}`;
  const changed = cells.map((row, index) => (index === 0 ? [(row[0] ?? 0) + 1, ...row.slice(1)] : row));
  const flipped = cells[0]?.map((_, column) => cells.map((row) => row[column] ?? 0)) ?? [];
  return {
    family: "matrix",
    gold: write(cells, "pmatrix"),
    right: [
      { rule: "bmatrix", text: write(cells, "bmatrix") },
      { rule: "tight", text: write(cells, "pmatrix", "&", "\\\\") },
      { rule: "\\left( matrix", text: `\\left(${write(cells, "matrix")}\\right)` },
      {
        rule: "array",
        text: `\\left[\\begin{array}{cc}${cells.map((row) => row.join(" & ")).join(" \\\\ ")}\\end{array}\\right]`,
      },
      { rule: "assignment", text: `A = ${write(cells, "pmatrix")}` },
    ],
    wrong: [
      { rule: "a cell", text: write(changed, "pmatrix") },
      {
        rule: "a row dropped",
        text: rows > 1 ? write(cells.slice(1), "pmatrix") : write([[...(cells[0] ?? []), 3]], "pmatrix"),
      },
      { rule: "a row added", text: write([...cells, [1, 2]], "pmatrix") },
      {
        rule: "transposed",
        text:
          rows === 2 && cells[0]?.[1] === cells[1]?.[0]
            ? write(changed, "bmatrix")
            : write(flipped, "pmatrix"),
      },
    ],
  };
};

export const collectionFamilies: readonly Family[] = [sets, tuples, intervals, matrices];
