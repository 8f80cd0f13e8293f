/** Tests of Knights and Knaves: the solver, the many ways to state roles, and every row of a data set. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { asyncBufferFromFile, parquetReadObjects } from "hyparquet";
import { seededRandom } from "../../test/helpers/seeded-random.ts";
import { KnightsPuzzleError, readStatements } from "./statements.ts";
import { type KnightsPuzzle, solveKnightsPuzzle, verifyKnights } from "./verify-knights.ts";

// Amelia: knight, Penelope: knight, Evelyn: knave.
const puzzle: KnightsPuzzle = {
  names: ["Amelia", "Penelope", "Evelyn"],
  statements:
    "(('not', ('telling-truth', 2)), ('or', ('telling-truth', 1), ('lying', 2)), ('<=>', ('telling-truth', 1), ('lying', 1)))",
};

function assertAll(expected: string, texts: readonly string[]): void {
  assert.deepEqual(
    texts
      .map((text) => [text, verifyKnights(text, puzzle).outcome])
      .filter(([, outcome]) => outcome !== expected),
    [],
  );
}

test("reads roles in many orders and forms", () => {
  const right = [
    "(1) Amelia is a knight\n(2) Penelope is a knight\n(3) Evelyn is a knave",
    "(3) Evelyn is a knave (2) Penelope is a knight (1) Amelia is a knight",
    "Amelia is a knight, Penelope is a knight, and Evelyn is a knave.",
    "Amelia and Penelope are knights, Evelyn is a knave.",
    "Amelia and Penelope are knights and Evelyn is a knave",
    "Both Amelia and Penelope are knights; Evelyn is a knave.".replace("Both ", ""),
    "Amelia: knight\nPenelope: knight\nEvelyn: knave",
    "- **Amelia**: Knight\n- **Penelope**: Knight\n- **Evelyn**: Knave",
    "Amelia - Knight, Penelope - Knight, Evelyn - Knave",
    "Amelia = knight; Penelope = knight; Evelyn = knave",
    "Amelia → Knight\nPenelope → Knight\nEvelyn → Knave",
    "| Name | Role |\n|---|---|\n| Amelia | Knight |\n| Penelope | Knight |\n| Evelyn | Knave |",
    '{"Amelia": "knight", "Penelope": "knight", "Evelyn": "knave"}',
    "Knights: Amelia, Penelope\nKnaves: Evelyn",
    "Knights: Amelia, Penelope. Knaves: Evelyn.",
    "Knaves: Evelyn; knights: Penelope and Amelia",
    "Knights:\n- Amelia\n- Penelope\nKnaves:\n- Evelyn",
    "The knights are Amelia and Penelope. The knave is Evelyn.",
    "The only knave is Evelyn, Amelia is a knight, Penelope is a knight",
    "Amelia is not a knave, Penelope isn’t a knave, Evelyn is not a knight.",
    "Amelia is a knight, not a knave. Penelope is a knight. Evelyn is a knave (not a knight).",
    "Amelia is a truth-teller, Penelope is a truth-teller, Evelyn is a liar.",
    "AMELIA IS A KNIGHT\nPENELOPE IS A KNIGHT\nEVELYN IS A KNAVE",
    "Amelia is $\\text{knight}$, Penelope is $\\text{knight}$, Evelyn is $\\text{knave}$",
    "Amelia是骑士，Penelope是骑士，Evelyn是无赖。",
    "Amelia和Penelope都是骑士，Evelyn不是骑士。",
  ];
  assertAll("correct", right);
  assertAll(
    "correct",
    right.map((text) => `<think> Suppose Amelia is a knave. </think>\n<answer> ${text} </answer>`),
  );
  assertAll("correct", [
    "Suppose Amelia is a knave. Then Evelyn is a knight.\n\nSo:\n\nAmelia is a knight, Penelope is a knight, Evelyn is a knave.\n\nThat is all.",
    "\\boxed{\\text{Amelia: knight, Penelope: knight, Evelyn: knave}}",
    "<answer>Amelia: knight, Penelope: knight, Evelyn: knave. If Evelyn were a knight, Amelia would be a knave.</answer>",
  ]);
});

test("wrong, incomplete and contradictory answers are wrong", () => {
  assertAll("wrong", [
    "Amelia is a knave, Penelope is a knight, Evelyn is a knave.",
    "Everyone is a knight.",
    "Amelia is a knight, Penelope is a knight.",
    "Evelyn is a knave.",
    "Knights: Amelia, Penelope",
    "Amelia is a knight, Penelope is a knight, Evelyn is a knave, Evelyn is a knight.",
    "Amelia is a knight, Penelope is a knight, Evelyn is a knave and a knight.",
    "Amelia, Penelope and Evelyn are knights. Amelia, Penelope and Evelyn are knaves.",
    "Amelia is a knight, Penelope is a knight, Evelyn is not a knave.",
    "Amelia is a knight, Penelope is a knight, Evelyn is a knave or a knight.",
    "Amelia is a knight or Amelia is a knave. Penelope is a knight. Evelyn is a knave.",
    "<answer>Amelia: knight, Penelope: knight, Evelyn: knave</answer><answer>Everyone is a knave</answer>",
    "<answer>Everyone is a knave</answer><answer>Amelia: knight, Penelope: knight, Evelyn: knave</answer>",
    "<answer>Amelia is a knight, Penelope is a knight. Either Evelyn is a knave, or a knight.</answer>",
  ]);
  assertAll("unparsed", [
    "",
    "I do not know.",
    "Amelia and Penelope are nice.",
    "<answer>yes</answer> Amelia: knight, Penelope: knight, Evelyn: knave",
    "<think>Amelia: knight, Penelope: knight, Evelyn: knave",
    "If Amelia is a knight, Evelyn is a knave",
    "Ameliak is a knight",
    "knight knight knave",
  ]);
});

test("everyone at once, and names that are hard", () => {
  const both = (names: string[]): KnightsPuzzle => ({
    names,
    statements: names.map((_, person) => ({
      kind: "or",
      parts: [
        { kind: "knight", person },
        { kind: "knave", person },
      ],
    })),
  });
  const outcome = (text: string, names: string[]) => verifyKnights(text, both(names)).outcome;
  assert.equal(outcome("Everyone is a knight.", ["Al", "Bo"]), "correct");
  assert.equal(outcome("Al and Bo are both knights.", ["Al", "Bo"]), "correct");
  assert.equal(outcome("All are knaves", ["Al", "Bo"]), "wrong");
  assert.equal(outcome("Mary Ann is a knight, Mary is a knight", ["Mary", "Mary Ann"]), "correct");
  assert.equal(outcome("Mary Ann is a knight", ["Mary", "Mary Ann"]), "wrong");
  assert.equal(outcome("小明是骑士，小红是骑士", ["小明", "小红"]), "correct");
  assert.equal(
    outcome("constructor is a knight, __proto__ is a knight", ["constructor", "__proto__"]),
    "correct",
  );
  assert.equal(outcome("A. is a knight, B+ is a knight", ["A.", "B+"]), "correct");
});

test("a puzzle at fault is an error, never a reward", () => {
  for (const [names, statements] of [
    [["A", "B"], "(('telling-truth', 0), ('telling-truth', 1))"],
    [["A"], "(('lying', 0),)"],
    [["A"], "(('lying', 1),)"],
    [["A"], "(('telling-truth', 0), ('telling-truth', 0))"],
    [["A"], "('telling-truth', 0)"],
    [["A"], "nonsense"],
    [["A"], ""],
    [["A"], "(('frob', 0),)"],
    [["A"], "(('not', ('lying', 0), ('lying', 0)),)"],
    [["A"], `${"(".repeat(5000)}${")".repeat(5000)}`],
    [["A", "A"], "(('telling-truth', 0), ('telling-truth', 1))"],
    [[], "()"],
    [Array.from({ length: 30 }, (_, i) => `P${i}`), `(${"('telling-truth', 0),".repeat(30)})`],
  ] as const) {
    assert.throws(
      () => solveKnightsPuzzle({ names, statements }),
      KnightsPuzzleError,
      statements.slice(0, 60),
    );
    const verdict = verifyKnights("A is a knight", { names, statements });
    assert.deepEqual([verdict.outcome, verdict.expected], ["error", null]);
  }
  assert.deepEqual(readStatements("(('->', ('lying', 0), ('telling-truth', 0)),)", 1), [
    {
      kind: "implies",
      parts: [
        { kind: "knave", person: 0 },
        { kind: "knight", person: 0 },
      ],
    },
  ]);
});

test("hostile text costs no more than its length", () => {
  for (const text of [
    "Amelia ".repeat(100_000),
    "Amelia is a knight ".repeat(60_000),
    "not ".repeat(300_000),
    "\n\n".repeat(500_000),
    "<answer>".repeat(100_000),
    "<answer>Amelia is a knight</answer>".repeat(30_000),
    "\\boxed{".repeat(100_000),
    "|".repeat(1_000_000),
  ]) {
    assert.notEqual(verifyKnights(text, puzzle).outcome, "correct");
  }
});

const folder = fileURLToPath(
  new URL("../../../../../shared/data/knights_knaves/kk/instruct/", import.meta.url),
);

interface Row {
  readonly names: string[];
  readonly solution: boolean[];
  readonly statements: string;
  readonly solution_text: string;
  readonly solution_text_format: string;
}

test("every row of the data set has one solution, its own; each restyled stays right, each changed turns wrong", {
  skip: existsSync(folder) ? false : "../shared/data/knights_knaves is absent",
}, async () => {
  const random = seededRandom("knights");
  let rows = 0;
  for (const people of [3, 4, 5, 6, 7]) {
    for (const split of ["train", "test"]) {
      const file = await asyncBufferFromFile(`${folder}${people}ppl/${split}.parquet`);
      const columns = ["names", "solution", "statements", "solution_text", "solution_text_format"];
      for (const row of (await parquetReadObjects({ file, columns })) as Row[]) {
        rows++;
        assert.deepEqual(solveKnightsPuzzle(row), row.solution);
        const outcome = (text: string) => verifyKnights(text, row).outcome;
        assert.equal(outcome(`<answer>${row.solution_text}</answer>`), "correct", row.solution_text);
        assert.equal(outcome(`<answer>${row.solution_text_format}</answer>`), "correct");
        const order = random.shuffle(row.names.map((_, person) => person));
        const say = (solution: readonly boolean[]): string =>
          order
            .map((person) => {
              const [name, knight] = [row.names[person], solution[person]];
              return random.pick([
                `${name} is a ${knight ? "knight" : "knave"}`,
                `${name} is not a ${knight ? "knave" : "knight"}`,
                `**${name}**: ${knight ? "Knight" : "Knave"}`,
              ]);
            })
            .join(random.pick(["\n", ", ", "; "]));
        assert.equal(outcome(say(row.solution)), "correct", say(row.solution));
        const changed = random.below(people);
        assert.equal(
          outcome(say(row.solution.map((knight, person) => knight !== (person === changed)))),
          "wrong",
        );
      }
    }
  }
  assert.equal(rows, 5_000);
});
