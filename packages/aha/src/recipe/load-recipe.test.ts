/** Recipes from files of every kind, and their JSON forms. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { z } from "zod";
import type { Task } from "../tasks/task.ts";
import { checkedOptions } from "./checked-options.ts";
import { defineRecipe } from "./define-recipe.ts";
import { recipeJsonSchema } from "./json-schema.ts";
import { loadRecipe } from "./load-recipe.ts";
import { resumeObstacles, serialiseRecipe } from "./serialise-recipe.ts";
import { resolveTask } from "./task-registry.ts";

const folder = mkdtempSync(join(tmpdir(), "aha-recipe-"));
after(() => rmSync(folder, { recursive: true }));

const emptyTask: Task = { name: "own", train: [], heldOut: [], rewards: [] };

const value = {
  stage: "rl",
  name: "tiny",
  model: { path: "models/tiny" },
  task: { name: "countdown", numbers: 3 },
  rl: { steps: 5 },
} as const;

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

test("TypeScript, JSON and YAML give the same recipe", async () => {
  const expected = defineRecipe(value);
  const yaml =
    "stage: rl\nname: tiny\nmodel: {path: models/tiny}\ntask: {name: countdown, numbers: 3}\nrl: {steps: 5}\n";
  const files = [
    file("a.ts", `const recipe: object = ${JSON.stringify(value)};\nexport default recipe;\n`),
    file("a.mjs", `export default ${JSON.stringify(value)};\n`),
    file("a.json", JSON.stringify(value)),
    file("a.yaml", yaml),
  ];
  for (const path of files) assert.deepEqual(await loadRecipe(path), expected, path);
  assert.equal((await loadRecipe(files[2] ?? "", ["seed=7"])).seed, 7);
});

test("files that are no recipe say what is wrong with them", async () => {
  const cases: Array<[string, RegExp]> = [
    [join(folder, "absent.ts"), /absent\.ts: no such file/],
    [folder, /is a folder/],
    [file("b.json", "{"), /b\.json: is not JSON/],
    [file("b.yaml", "a: [1\n"), /b\.yaml: is not YAML/],
    [file("b.mjs", "export const recipe = 1;\n"), /has no default export/],
    [file("c.mjs", "throw new Error('broken');\n"), /could not be loaded: broken/],
    [file("b.txt", ""), /expected one of \.ts/],
    [file("d.json", JSON.stringify({ ...value, sede: 1 })), /d\.json: sede: unknown key .* "seed"/],
  ];
  for (const [path, expected] of cases) await assert.rejects(loadRecipe(path), expected, path);
});

test("a named task is made by its factory; an unknown one names the nearest", () => {
  const task: Task = { name: "countdown", train: [], heldOut: [], rewards: [] };
  const registry = new Map([["countdown", (options: object) => ({ ...task, options })]]);
  assert.deepEqual(resolveTask({ name: "countdown", numbers: 4 }, registry), {
    ...task,
    options: { numbers: 4 },
  });
  assert.equal(resolveTask(task, registry), task);
  assert.throws(
    () => resolveTask({ name: "countdwon" }, registry),
    /task\.name: .*did you mean "countdown"\? known: countdown/,
  );
});

test("options of a named task are checked by its schema", () => {
  const schema = z.strictObject({ numbers: z.int().default(3) });
  const make = checkedOptions(
    schema,
    ({ numbers }): Task => ({ ...emptyTask, name: `countdown-${numbers}` }),
  );
  const registry = new Map([["countdown", make]]);
  assert.equal(resolveTask({ name: "countdown" }, registry).name, "countdown-3");
  assert.throws(
    () => resolveTask({ name: "countdown", nubmers: 4, numbers: "x" }, registry),
    /task\.nubmers: unknown key "nubmers"; did you mean "numbers"\?/,
  );
  assert.throws(() => resolveTask({ name: "countdown", numbers: "x" }, registry), /task\.numbers: expected/);
});

test("serialised, functions show their names and questions a digest that tells them apart", () => {
  const reward = {
    name: "accuracy",
    weight: 1,
    judge: function judgeAnswer() {
      return { value: 1 };
    },
  };
  const task = (prompt: string): Task => ({
    name: "own",
    train: [{ id: "1", prompt, columns: {} }],
    heldOut: [],
    rewards: [reward],
  });
  const one = serialiseRecipe(defineRecipe({ ...value, task: task("a") }));
  const other = serialiseRecipe(defineRecipe({ ...value, task: task("b") }));
  assert.match(JSON.stringify(one), /"judge":"\[function judgeAnswer\]"/);
  assert.deepEqual(
    resumeObstacles(one, other).map(({ path }) => path),
    ["task.train.sha256"],
  );
});

test("only changes that leave the steps as they were allow a resume", () => {
  const before = serialiseRecipe(defineRecipe(value));
  const harmless = { ...value, rl: { steps: 9 }, checkpoint: { keep: 5 }, threads: 1 };
  assert.deepEqual(resumeObstacles(before, serialiseRecipe(defineRecipe(harmless))), []);
  const other = serialiseRecipe(defineRecipe({ ...value, seed: 1, rl: { steps: 5, groupSize: 8 } }));
  assert.deepEqual(
    resumeObstacles(before, other).map(({ path }) => path),
    ["seed", "rl.groupSize"],
  );
  const linear = { ...value, rl: { steps: 5, schedule: "linear" as const } };
  const longer = { ...linear, rl: { ...linear.rl, steps: 6 } };
  const obstacles = resumeObstacles(
    serialiseRecipe(defineRecipe(linear)),
    serialiseRecipe(defineRecipe(longer)),
  );
  assert.deepEqual(obstacles, [{ path: "rl.steps", before: 5, after: 6 }]);
});

test("the committed JSON Schema is current", () => {
  const committed = readFileSync(new URL("../../recipe.schema.json", import.meta.url), "utf8");
  // Values, not text: how the file is laid out is the formatter's affair.
  assert.deepEqual(JSON.parse(committed), JSON.parse(recipeJsonSchema()), "run: npx aha schema --write");
});
