/** The default run directory: never over a finished run, and found again by --resume. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { chooseRunDirectory } from "./choose-run-directory.ts";

test("a new run goes beside finished ones, a resumed one goes on with the newest", () => {
  const folder = mkdtempSync(join(tmpdir(), "aha-runs-"));
  try {
    const make = (name: string, ...files: string[]): void => {
      mkdirSync(join(folder, name), { recursive: true });
      for (const file of files) writeFileSync(join(folder, name, file), "{}");
    };
    assert.equal(chooseRunDirectory(folder, "a", false), join(folder, "a"));
    make("a", "recipe.json");
    assert.equal(
      chooseRunDirectory(folder, "a", false),
      join(folder, "a"),
      "unfinished: startRun will refuse it",
    );
    assert.equal(chooseRunDirectory(folder, "a", true), join(folder, "a"));
    make("a", "summary.json");
    assert.equal(chooseRunDirectory(folder, "a", false), join(folder, "a-2"));
    make("a-2", "recipe.json");
    assert.equal(chooseRunDirectory(folder, "a", true), join(folder, "a-2"));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
