/** The chat against a server that says what it is told to: what is sent, what is printed, and every command. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { text as readAll } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { AnswerPrinter } from "./answer-printer.ts";
import { type ChatOptions, chat } from "./chat.ts";
import { parseCommand, withSetting } from "./chat-commands.ts";
import { Conversation } from "./conversation.ts";
import { readEvents } from "./read-events.ts";

interface Asked {
  readonly model: string;
  readonly messages: readonly { readonly role: string; readonly content: string }[];
  readonly [field: string]: unknown;
}
const asked: Asked[] = [];
const folder = mkdtempSync(join(tmpdir(), "aha-chat-"));
let server: Server;
let url = "";

/** Deltas of the answer to a question; "wait" leaves the answer open. */
function deltasFor(question: string): object[] {
  if (question === "deepseek")
    return [
      { role: "assistant", content: "" },
      { reasoning_content: "Hm. " },
      { reasoning_content: "Yes." },
      { content: "Four" },
      { content: "." },
    ];
  if (question === "openrouter") return [{ reasoning: "Hm." }, { content: "Four." }];
  if (question === "tags")
    return [{ content: "<th" }, { content: "ink>\nHm.</thi" }, { content: "nk>\n\nFour." }];
  return [{ content: `You said ` }, { content: question }];
}

before(async () => {
  server = createServer(async (request, response) => {
    if (request.url === "/v1/models") {
      response.end(JSON.stringify({ data: [{ id: "one" }, { id: "two" }] }));
      return;
    }
    const body = JSON.parse(await readAll(request)) as Asked;
    asked.push(body);
    const question = body.messages.at(-1)?.content ?? "";
    if (question === "refuse") {
      response.writeHead(400).end(JSON.stringify({ error: { message: "not that" } }));
      return;
    }
    response.writeHead(200, { "content-type": "text/event-stream" });
    const send = (chunk: object): void => void response.write(`data: ${JSON.stringify(chunk)}\r\n\r\n`);
    for (const delta of deltasFor(question)) send({ choices: [{ index: 0, delta, finish_reason: null }] });
    if (question === "wait") return;
    send({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] });
    send({ choices: [], usage: { completion_tokens: 9 } });
    response.end("data: [DONE]\r\n\r\n");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
});
after(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});

/** Types lines into a chat; returns all that it printed. */
async function talk(lines: readonly string[], changes: Partial<ChatOptions> = {}): Promise<string> {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const printed = readAll(output);
  input.end(lines.map((line) => `${line}\n`).join(""));
  asked.length = 0;
  await chat({
    server: { url, apiKey: null },
    ...{ model: null, system: null, settings: {}, showThinking: true, styled: false, history: [] },
    terminal: { input, output },
    onStop: () => () => {},
    ...changes,
  });
  output.end();
  return printed;
}
const sent = () =>
  asked.map(({ messages }) => messages.map(({ role, content }) => `${role[0]}:${content}`).join(" "));

test("a conversation goes on; retry, edit, undo and clear change its end", async () => {
  const printed = await talk([
    "a",
    "b",
    "/retry",
    "/edit c",
    "/undo",
    "d",
    "/system Be brief",
    "/clear",
    "e",
    "/history",
  ]);
  assert.deepEqual(sent(), [
    "u:a",
    "u:a a:You said a u:b",
    "u:a a:You said a u:b",
    "u:a a:You said a u:c",
    "u:a a:You said a u:d",
    "s:Be brief u:e",
  ]);
  assert.ok(
    printed.endsWith("You said e\nsystem: Be brief\n\nuser: e\n\nassistant: You said e\n\n"),
    printed,
  );
});

test("settings, models, lines that go on, lines with a slash, and what is not there", async () => {
  const printed = await talk(
    [
      "/set temperature 0.5",
      "/set seed",
      "one \\",
      "two",
      "//slash",
      "/model two",
      "x",
      "/model three",
      "/nonsense",
      "/retry",
      "/quit",
      "never",
    ],
    { settings: { seed: 3 }, system: "S" },
  );
  assert.deepEqual(sent()[0], "s:S u:one \ntwo");
  assert.equal(asked[0]?.temperature, 0.5);
  assert.equal(asked[0]?.seed, undefined);
  assert.equal(asked[1]?.messages.at(-1)?.content, "/slash");
  assert.deepEqual(
    asked.map(({ model }) => model),
    ["one", "one", "two", "two"],
  );
  assert.match(printed, /there is no "three"/);
  assert.match(printed, /there is no \/nonsense/);
  assert.ok(!printed.includes("never"));
  assert.match(await talk(["/retry", "/edit x"]), /nothing was asked yet\n.*nothing was asked yet/s);
});

test("reasoning is found in every form, put in tags or hidden, and not sent again", async () => {
  for (const question of ["deepseek", "openrouter", "tags"]) {
    const shown = await talk([question, "next"]);
    assert.match(shown, /^<think>\nHm\.( Yes\.)?\n<\/think>\n\nFour\.\nYou said next\n$/);
    assert.equal(sent()[1], `u:${question} a:Four. u:next`);
    assert.equal(await talk([question], { showThinking: false }), "Four.\n");
  }
});

test("a refusal is said and the question forgotten; a server that is not there is an error", async () => {
  const printed = await talk(["refuse", "a"]);
  assert.match(printed, /answered 400: not that\nYou said a/);
  assert.deepEqual(sent(), ["u:refuse", "u:a"]);
  await assert.rejects(
    talk([], { server: { url: "http://127.0.0.1:1/v1", apiKey: null } }),
    /no answer from/,
  );
});

test("conversations are written and read again", async () => {
  const file = join(folder, "talk.json");
  await talk(["deepseek", `/save ${file}`]);
  assert.deepEqual(JSON.parse(readFileSync(file, "utf8")), [
    { role: "user", content: "deepseek" },
    { role: "assistant", content: "Four.", reasoning: "Hm. Yes." },
  ]);
  const printed = await talk([`/save ${file}`, `/load ${file}`, "b", "/load none.json", `/save ${file}`]);
  assert.equal(sent()[0], "u:deepseek a:Four. u:b");
  assert.match(printed, /ENOENT[\s\S]*is there already/);
});

test("at a terminal: an answer is stopped, lines are edited and come back by the arrow keys", async () => {
  const input = Object.assign(new PassThrough(), { isTTY: true });
  const output = Object.assign(new PassThrough(), { isTTY: true });
  let [shown, read] = ["", 0];
  let look = (): void => {};
  output.setEncoding("utf8").on("data", (piece: string) => {
    shown += piece;
    look();
  });
  /** Waits until something is shown behind what was seen before. */
  const see = (marker: string): Promise<void> =>
    new Promise((resolve) => {
      look = () => {
        const place = shown.indexOf(marker, read);
        if (place < 0) return;
        read = place + marker.length;
        look = () => {};
        resolve();
      };
      look();
    });
  let stop = (): void => {};
  const history = ["earlier"];
  asked.length = 0;
  const ended = chat({
    server: { url, apiKey: null },
    ...{ model: null, system: null, settings: {}, showThinking: true, styled: true, history },
    terminal: { input, output },
    onStop(stopping) {
      stop = stopping;
      return () => {};
    },
  });
  await see("> ");
  input.write("wait\r");
  await see("You said wait");
  stop();
  await see("stopped");
  await see("> ");
  input.write("\x1b[A\x1b[A\r"); // two lines up
  await see("9 tokens");
  await see("> ");
  input.write("half\x03/edit\r"); // Ctrl-C throws a line away; /edit offers the last question
  await see("/edit");
  await see("earlier");
  input.write("!\r");
  await see("9 tokens");
  await see("> ");
  input.write("\x04");
  await ended;
  assert.deepEqual(sent(), [
    "u:wait",
    "u:wait a:You said wait u:earlier",
    "u:wait a:You said wait u:earlier!",
  ]);
  assert.deepEqual(history.slice(0, 3), ["earlier!", "/edit", "earlier"]);
});

test("commands, settings, conversations and events in their small", async () => {
  assert.equal(parseCommand("hello /help"), null);
  assert.deepEqual(parseCommand(" /edit  a b "), { kind: "edit", text: "a b" });
  assert.deepEqual(parseCommand("/set top_p 0.9"), { kind: "set", name: "top_p", value: "0.9" });
  assert.deepEqual(parseCommand("/exit"), { kind: "quit" });
  assert.deepEqual(withSetting({ a: 1 }, "b", "true"), { a: 1, b: true });
  assert.deepEqual(withSetting({ a: 1 }, "a", ""), {});
  const conversation = new Conversation().ask("q").answer("a", "r").withSystem("s");
  assert.deepEqual(conversation.withoutLastQuestion().turns, [{ role: "system", content: "s" }]);
  assert.equal(new Conversation().withoutLastQuestion().lastQuestion, null);
  const bytes = new TextEncoder().encode(": hi\n\ndata: ä\r\ndata: b\r\n\r\nevent: x\ndata:c\n\ndata: end");
  const one = (async function* () {
    for (const byte of bytes) yield Uint8Array.of(byte);
  })();
  const found: string[] = [];
  for await (const data of readEvents(one)) found.push(data);
  assert.deepEqual(found, ["ä\nb", "c", "end"]);
});

test("the printer dims the reasoning and tells the rate", () => {
  let [shown, time] = ["", 0];
  const printer = new AnswerPrinter({
    write: (text) => {
      shown += text;
    },
    ...{ styled: true, showThinking: true, now: () => time },
  });
  const piece = { reasoning: "", text: "", finish: null };
  time = 500;
  printer.take({ ...piece, reasoning: "Hm.", tokens: 1 });
  time = 2500;
  printer.take({ ...piece, text: "Four.", tokens: 5 });
  printer.take({ ...piece, tokens: 5, finish: "length" });
  assert.deepEqual(printer.end(false), { text: "Four.", reasoning: "Hm.", finish: "length" });
  assert.equal(
    shown,
    "\x1b[2mHm.\x1b[22m\n\nFour.\n\x1b[2m5 tokens, 2.0 a second, the first after 0.5 s, cut off at the limit of tokens\x1b[22m\n",
  );
});
