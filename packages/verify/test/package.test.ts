/** The package as npm would publish it, used by plain Node.js without this repository or a TypeScript loader. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { pack } from "../scripts/pack.mjs";

const workspace = fileURLToPath(new URL("../../../", import.meta.url));

const program = `
import { judgeCountdown, runTests, describeSandbox, verifyInstructions, verifyMath } from "@aha/verify";
const { outcome } = await verifyMath("The answer is \\\\boxed{\\\\frac{\\\\sqrt{12}}{4}}.", "\\\\frac{\\\\sqrt{3}}{2}");
const towering = await verifyMath("\\\\boxed{9^{9^{9^{9}}}}", "1");
const countdown = judgeCountdown("<think> </think> <answer> 3 * 4 </answer>", [3, 4], 12).outcome;
const instruction = { id: "punctuation:no_comma", arguments: {} };
const strict = verifyInstructions("no commas here", [instruction]).strict.all;
const { bubblewrap } = await describeSandbox();
const ran = bubblewrap.available
  ? (await runTests({ language: "python", source: "def twice(x):\\n    return 2 * x" }, [
      { kind: "call", function: "twice", arguments: [4], expected: 8 },
    ])).outcome
  : "skipped";
console.log(JSON.stringify({ outcome, towering: towering.outcome, countdown, strict, ran }));
process.exit();
`;

test("packed and laid into another project, it verifies", { timeout: 300_000 }, () => {
  const place = mkdtempSync(join(tmpdir(), "aha-verify-package-"));
  try {
    pack(join(place, "packed"));
    const packed = join(place, "packed/package");
    const installed = join(place, "project/node_modules/@aha/verify");
    mkdirSync(dirname(installed), { recursive: true });
    cpSync(packed, installed, { recursive: true });
    const manifest = JSON.parse(readFileSync(join(packed, "package.json"), "utf8"));
    for (const name of Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies })) {
      const target = join(place, "project/node_modules", name);
      mkdirSync(dirname(target), { recursive: true });
      symlinkSync(join(workspace, "node_modules", name), target);
    }
    writeFileSync(join(place, "project/main.mjs"), program);
    const environment: NodeJS.ProcessEnv = { ...process.env };
    delete environment.NODE_OPTIONS;
    const result = spawnSync(process.execPath, ["main.mjs"], {
      cwd: join(place, "project"),
      env: environment,
      encoding: "utf8",
      timeout: 120_000,
    });
    assert.equal(result.status, 0, result.stderr);
    const { ran, towering, ...rest } = JSON.parse(result.stdout.trim().split("\n").at(-1) ?? "");
    assert.deepEqual(rest, { outcome: "correct", countdown: "correct", strict: true });
    assert.notEqual(towering, "correct");
    assert.ok(ran === "correct" || ran === "skipped", ran);
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
});
