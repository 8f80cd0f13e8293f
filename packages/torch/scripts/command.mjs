/** Runs other programs, with their output captured or passed through. */
import { spawn, spawnSync } from "node:child_process";

/**
 * Runs a short command to its end and returns what it printed; a program that is not there is `found: false`.
 * @param {string} program
 * @param {string[]} parameters
 * @param {{ timeoutMilliseconds?: number }} [options]
 * @returns {{ found: boolean, ok: boolean, stdout: string, stderr: string }}
 */
export function capture(program, parameters, { timeoutMilliseconds = 60_000 } = {}) {
  const result = spawnSync(program, parameters, {
    encoding: "utf8",
    timeout: timeoutMilliseconds,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const code = result.error && "code" in result.error ? result.error.code : undefined;
  return {
    found: code !== "ENOENT" && code !== "EACCES",
    ok: result.status === 0,
    stdout: (result.stdout ?? "").trim(),
    stderr: (result.stderr ?? "").trim(),
  };
}

/**
 * Runs a long command, showing its output as it comes where `show` is set, and keeping the last of it.
 * @param {string} program
 * @param {string[]} parameters
 * @param {{ show?: boolean, folder?: string, environment?: NodeJS.ProcessEnv }} [options]
 * @returns {Promise<{ ok: boolean, output: string }>} output: stdout and stderr together
 */
export function run(program, parameters, { show = false, folder, environment } = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, parameters, {
      ...(folder === undefined ? {} : { cwd: folder }),
      ...(environment === undefined ? {} : { env: environment }),
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    /** @param {Buffer} chunk */
    const keep = (chunk) => {
      output = (output + chunk.toString("utf8")).slice(-200_000);
      if (show) process.stderr.write(chunk);
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    child.on("error", (error) => resolve({ ok: false, output: `${output}\n${error.message}` }));
    child.on("close", (status) => resolve({ ok: status === 0, output }));
  });
}
