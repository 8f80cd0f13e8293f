/** The verifiers' thread: verdicts, errors, and a new thread after it is gone. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { VerifierError, VerifierThread } from "./verifier-thread.ts";

test("verdicts come back in whatever order they are ready", async () => {
  const thread = new VerifierThread();
  const verdicts = await Promise.all(
    ["1", "2", "3"].map((answer) => thread.call("verifyMath", `\\boxed{${answer}}`, "2")),
  );
  assert.deepEqual(
    verdicts.map(({ outcome }) => outcome),
    ["wrong", "correct", "wrong"],
  );
  await thread.close();
});

test("what a verifier throws is told by its name; what the thread cannot answer is an error, and it starts again", async () => {
  const thread = new VerifierThread();
  const program = { language: "python", source: "" } as const;
  await assert.rejects(thread.call("runTests", program, []), (error: unknown) => {
    assert.ok(error instanceof VerifierError);
    assert.match(error.message, /^RangeError: /);
    return true;
  });
  const lost = thread.call("verifyMath", "1", "1");
  const rejected = assert.rejects(lost, /thread is gone: it was closed/);
  await thread.close();
  await rejected;
  assert.equal((await thread.call("verifyMath", "1", "1")).outcome, "correct");
  await thread.close();
});

test("an idle thread keeps no process alive, a verdict that is awaited does", () => {
  const url = new URL("./verifier-thread.ts", import.meta.url).href;
  const script = `
    const { verifiers } = await import(${JSON.stringify(url)});
    const { outcome } = await verifiers.call("verifyMath", "0.5", "1/2");
    console.log(outcome);
  `;
  const flags = ["--import", import.meta.resolve("tsx"), "--input-type=module", "--eval", script];
  const { stdout, status, stderr } = spawnSync(process.execPath, flags, {
    encoding: "utf8",
    timeout: 60_000,
  });
  assert.deepEqual([stdout, status], ["correct\n", 0], stderr);
});
