/** The program `aha`: runs the command line and turns its outcome into an exit code. */
import { runCommandLine } from "./program.ts";
import { work } from "./work.ts";

// A reader that has seen enough, such as `head`, is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

const code = await runCommandLine(work, {
  argv: process.argv.slice(2),
  debug: (process.env.AHA_DEBUG ?? "0") !== "0",
  writeError: (text) => void process.stderr.write(text),
});
// A command may have set a code of its own, as an interrupted run does.
if (code !== 0) process.exitCode = code;
