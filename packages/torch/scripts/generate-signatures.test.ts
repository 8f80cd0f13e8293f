/** The committed signatures are those of the pinned LibTorch and of the fused kernels as they are. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { version } from "../src/index.ts";
import { generateSignatures } from "./generate-signatures.ts";
import { pinnedVersion } from "./install-libtorch.mjs";

const other =
  version() === pinnedVersion ? false : `LibTorch ${version()} is installed, not ${pinnedVersion}`;

test("the committed signatures are current", { skip: other }, () => {
  for (const [name, text] of generateSignatures()) {
    const committed = readFileSync(new URL(`../src/generated/${name}`, import.meta.url), "utf8");
    // Line by line, so that a failure shows the operator and not the whole file.
    const [have, want] = [new Set(committed.split("\n")), new Set(text.split("\n"))];
    const missing = [...want].filter((line) => !have.has(line));
    const stale = [...have].filter((line) => !want.has(line));
    const remedy = "run npx tsx packages/torch/scripts/generate-signatures.ts";
    assert.deepEqual({ missing, stale }, { missing: [], stale: [] }, `${name} is out of date: ${remedy}`);
    assert.equal(committed, text, `${name} is out of date: ${remedy}`);
  }
});
