/** Runs the README's example as it stands. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

test("the example in the README trains", { timeout: 120_000 }, () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const example = /```ts\n(import[\s\S]*?)```/.exec(readme)?.[1];
  assert.ok(example, "the README begins with an example");
  assert.ok(example.split("\n").length <= 45);
  // Beside the tests, so that the package's name resolves as it would for a user of the workspace.
  const file = fileURLToPath(new URL(`./readme-example-${process.pid}.ts`, import.meta.url));
  writeFileSync(file, example);
  try {
    const output = execFileSync(process.execPath, ["--import", "tsx", file], {
      encoding: "utf8",
      timeout: 100_000,
    });
    const lines = [...output.matchAll(/step \d+: loss ([\d.]+), accuracy ([\d.]+)/g)];
    assert.equal(lines.length, 6);
    assert.ok(Number(lines[5]?.[1]) < Number(lines[0]?.[1]) / 2, output);
    assert.ok(Number(lines[5]?.[2]) > 0.9, output);
  } finally {
    rmSync(file);
  }
});
