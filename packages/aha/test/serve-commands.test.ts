/** `aha serve` and `aha chat` as programs: started, talked to, and ended by a signal. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text as readAll } from "node:stream/consumers";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { temporaryFolder, writeTinyModel } from "./helpers/tiny-model.ts";

const program = fileURLToPath(new URL("../bin/aha.mjs", import.meta.url));
const work = temporaryFolder("serve-commands");
const folder = join(work, "tiny");
mkdirSync(folder);
writeTinyModel(folder);
const template = join(work, "template.jinja");
writeFileSync(template, "{% for message in messages %}{{ message.content }}\n{% endfor %}{{ eos_token }}");
const started: ChildProcess[] = [];
after(() => {
  for (const child of started) child.kill("SIGKILL");
  rmSync(work, { recursive: true });
});

interface Started {
  readonly child: ChildProcess;
  readonly stdout: Promise<string>;
  readonly code: Promise<number | null>;
  /** Waits for something on the standard error output. */
  said(pattern: RegExp): Promise<RegExpExecArray>;
}

function start(argv: readonly string[], input: string | null = null): Started {
  const env = { ...process.env, OMP_NUM_THREADS: "1", AHA_API_KEY: "" };
  Reflect.deleteProperty(env, "AHA_API_KEY");
  const child = spawn(process.execPath, [program, ...argv], { stdio: "pipe", env });
  started.push(child);
  if (input !== null) child.stdin.end(input);
  let errors = "";
  let look = (): void => {};
  child.stderr.setEncoding("utf8").on("data", (piece: string) => {
    errors += piece;
    look();
  });
  return {
    child,
    stdout: readAll(child.stdout),
    code: new Promise((resolve) => child.on("exit", resolve)),
    said: (pattern) =>
      new Promise((resolve, reject) => {
        look = () => {
          const match = pattern.exec(errors);
          if (match !== null) resolve(match);
        };
        look();
        child.on("exit", () => reject(new Error(`ended without ${pattern}:\n${errors}`)));
      }),
  };
}

test("serve answers until SIGTERM, lets answers finish, and ends with 0; chat talks to its URL", async () => {
  const server = start([
    ...["serve", folder, "--port", "0", "--sequences", "2", "--threads", "1", "--name", "named"],
    ...["--dtype", "float32"],
  ]);
  const [, url = ""] = await server.said(/listening on (http:\S+)\/v1/);
  const chat = start(["chat", url, "--temperature", "0"], "Make 24 from 3, 8, 1.\n/model\n");
  const said = await chat.stdout;
  assert.equal(await chat.code, 0);
  assert.match(said, /expected a chat template, found none/);
  assert.match(said, /^\* named$/m);
  const answer = await fetch(`${url}/v1/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      model: "named",
      prompt: "Make 24",
      max_tokens: 110,
      ignore_eos: true,
      stream: true,
    }),
  });
  server.child.kill("SIGTERM");
  const pieces = (await answer.text()).split("\n\n").filter((line) => line.startsWith("data: {"));
  assert.ok(pieces.length > 50, "the answer was finished");
  assert.equal(await server.code, 0);
});

test("chat opens a folder by itself; a seed gives the same answer again", async () => {
  const argv = ["chat", folder, "--max-tokens", "6", "--threads", "1", "--seed", "3", "--dtype", "float32"];
  const chat = start([...argv, "--chat-template", template], "Make 24.\n/retry\n");
  const said = await chat.stdout;
  assert.equal(await chat.code, 0);
  assert.ok(said.length > 4);
  assert.equal(said.slice(0, said.length / 2), said.slice(said.length / 2));
});
