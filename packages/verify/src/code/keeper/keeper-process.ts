/** The main program of the keeper's process: runs what it is asked to, and ends with the process that asked. */
import { closeSandboxes, runTestsHere } from "../run-tests.ts";
import type { KeeperAnswer, KeeperRequest } from "./keeper-protocol.ts";

process.on("message", async (request: KeeperRequest) => {
  const { id, program, tests, options } = request;
  let answer: KeeperAnswer;
  try {
    answer = { id, report: await runTestsHere(program, tests, options) };
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    answer = { id, thrown: { name, message } };
  }
  if (process.connected) process.send?.(answer);
});

// Whoever asked is gone, or asks to end. bwrap ends with its parent, but not in every moment of its start.
process.on("disconnect", async () => {
  await closeSandboxes();
  process.exit();
});
// A terminal's interrupt reaches the whole group; whoever asked decides when this ends.
process.on("SIGINT", () => {});
