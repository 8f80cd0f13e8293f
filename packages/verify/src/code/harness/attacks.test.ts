/** Programs that try to be judged right without being right; none may pass, and none may hang. */
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { Bubblewrap } from "../bubblewrap.ts";
import { programOnPath } from "../host-runtimes.ts";
import { defaultLimits } from "../limits.ts";
import { describePyodide, PyodideSandbox } from "../pyodide/pyodide-sandbox.ts";
import type { Sandbox } from "../sandbox.ts";
import type { HarnessLanguage } from "./commands.ts";
import { incrementTestJavaScript, javascriptAttacks } from "./javascript-attacks.ts";
import { type Attack, incrementTest, pythonAttacks } from "./python-attacks.ts";
import { runCalls } from "./run-calls.ts";

const limits = { ...defaultLimits, wallSeconds: 2, memoryMegabytes: 256 };

async function judged(sandbox: Sandbox, language: HarnessLanguage, attack: Attack): Promise<string[]> {
  const code = attack.code ?? (language === "python" ? incrementTest : incrementTestJavaScript);
  const results = await runCalls({
    sandbox,
    limits,
    program: { language, source: attack.source },
    tests: [{ kind: "assertions", code }],
  });
  return results.flat().map((result) => `${result.status}: ${result.detail ?? ""}`);
}

/** One pass of a test would already earn something. */
function assertNothingPassed(results: readonly string[]): void {
  assert.ok(results.length > 0);
  for (const result of results) {
    assert.doesNotMatch(result, /^passed/);
    assert.doesNotMatch(result, /the sandbox did not start/);
  }
}

const noBubblewrap = programOnPath("bwrap") === null ? "bubblewrap is not installed" : false;

describe("attacks on the judge of Python, in bubblewrap", { skip: noBubblewrap }, () => {
  const sandbox = new Bubblewrap();
  test("an honest program passes", async () => {
    const results = await judged(sandbox, "python", { name: "honest", source: "def inc(x): return x + 1" });
    assert.deepEqual(results, ["passed: "]);
  });
  for (const attack of pythonAttacks)
    test(attack.name, async () => assertNothingPassed(await judged(sandbox, "python", attack)));
});

describe("attacks on the judge of JavaScript, in bubblewrap", { skip: noBubblewrap }, () => {
  const sandbox = new Bubblewrap();
  test("an honest program passes", async () => {
    const honest = { name: "honest", source: "const inc = (x) => x + 1;" };
    assert.deepEqual(await judged(sandbox, "javascript", honest), ["passed: "]);
  });
  for (const attack of javascriptAttacks)
    test(attack.name, async () => assertNothingPassed(await judged(sandbox, "javascript", attack)));
});

const pyodide = describePyodide();
// Each starts two interpreters of a second or two; the rest runs where all tests are asked for.
const pyodideAttacks = pythonAttacks.filter(
  (_, place) => process.env.AHA_TEST_ALL === "1" || place % 8 === 1,
);

describe("attacks on the judge of Python, in Pyodide", { skip: !pyodide.available && pyodide.reason }, () => {
  const sandbox = pyodide.available ? new PyodideSandbox() : null;
  after(() => sandbox?.close());
  for (const attack of pyodideAttacks)
    test(attack.name, async () => assertNothingPassed(await judged(sandbox as Sandbox, "python", attack)));
});
