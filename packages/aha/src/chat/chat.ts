/** A chat in the terminal, or over a pipe: one line a question. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { z } from "zod";
import { AnswerPrinter } from "./answer-printer.ts";
import {
  type ChatServer,
  ChatServerError,
  type ChatSettings,
  listModels,
  streamAnswer,
} from "./chat-client.ts";
import { type Command, HELP, parseCommand, withSetting } from "./chat-commands.ts";
import { Conversation } from "./conversation.ts";
import { type LineSource, pipedLines, type Terminal, typedLines } from "./line-source.ts";

export interface ChatOptions {
  readonly server: ChatServer;
  /** Null takes the server's first. */
  readonly model: string | null;
  readonly system: string | null;
  readonly settings: ChatSettings;
  readonly showThinking: boolean;
  readonly terminal: Terminal;
  /** Whether styles such as dimming are shown. */
  readonly styled: boolean;
  /** Earlier lines, the latest first; added to. */
  readonly history: string[];
  /** Calls `stop` while an answer is printed and the user asks to stop it; the result ends the listening. */
  readonly onStop: (stop: () => void) => () => void;
}

const savedTurns = z.array(
  z.looseObject({
    role: z.enum(["system", "user", "assistant"]),
    content: z.string(),
    reasoning: z.string().optional(),
  }),
);

/** Talks until the input ends or the user leaves. Throws ChatServerError where the server cannot be reached at the start. */
export async function chat(options: ChatOptions): Promise<void> {
  const models = await listModels(options.server);
  const model = options.model ?? models[0];
  if (model === undefined) throw new ChatServerError(`${options.server.url} has no models`);
  const interactive = options.terminal.input.isTTY === true;
  const lines = interactive ? typedLines(options.terminal, options.history) : pipedLines(options.terminal);
  try {
    await new Chat(options, lines, model, interactive).run();
  } finally {
    lines.close();
  }
}

class Chat {
  readonly #options: ChatOptions;
  readonly #lines: LineSource;
  readonly #interactive: boolean;
  #model: string;
  #settings: ChatSettings;
  #showThinking: boolean;
  #conversation: Conversation;

  constructor(options: ChatOptions, lines: LineSource, model: string, interactive: boolean) {
    this.#options = options;
    this.#lines = lines;
    this.#interactive = interactive;
    this.#model = model;
    this.#settings = options.settings;
    this.#showThinking = options.showThinking;
    this.#conversation = new Conversation().withSystem(options.system ?? "");
  }

  async run(): Promise<void> {
    if (this.#interactive) this.#say(`Talking to ${this.#model}. /help explains, Ctrl-D ends.\n`);
    for (let line = await this.#read(); line !== null; line = await this.#read()) {
      const command = parseCommand(line);
      if (command?.kind === "quit") return;
      if (command !== null) await this.#obey(command);
      else if (line.trim() !== "") await this.#answer(this.#conversation.ask(line.replace(/^\/\//, "/")));
    }
  }

  #say(text: string): void {
    this.#options.terminal.output.write(text);
  }

  /** A line, or several that are joined by a backslash at their ends. */
  async #read(initial = ""): Promise<string | null> {
    let text = "";
    for (let prompt = this.#interactive ? "\n> " : ""; ; prompt = this.#interactive ? "… " : "") {
      const line = await this.#lines.next(prompt, text === "" ? initial : "");
      if (line === null) return text === "" ? null : text;
      if (!line.endsWith("\\")) return text + line;
      text += `${line.slice(0, -1)}\n`;
    }
  }

  /** Asks what the conversation ends with; it is kept only if anything was answered. */
  async #answer(asked: Conversation): Promise<void> {
    const { server, terminal, styled, onStop } = this.#options;
    const printer = new AnswerPrinter({
      write: (text) => terminal.output.write(text),
      styled,
      showThinking: this.#showThinking,
      now: () => performance.now(),
    });
    const abort = new AbortController();
    const stopListening = onStop(() => abort.abort());
    if (this.#interactive) this.#say("\n");
    try {
      const deltas = streamAnswer(server, this.#model, asked.messages, this.#settings, abort.signal);
      for await (const delta of deltas) printer.take(delta);
    } catch (error) {
      if (!abort.signal.aborted) {
        if (!(error instanceof ChatServerError)) throw error;
        this.#say(`${error.message}\n`);
        return;
      }
    } finally {
      stopListening();
    }
    const { text, reasoning } = printer.end(abort.signal.aborted);
    if (text !== "" || reasoning !== "") this.#conversation = asked.answer(text, reasoning);
  }

  async #obey(command: Command): Promise<void> {
    switch (command.kind) {
      case "retry":
        return this.#again(this.#conversation.lastQuestion);
      case "edit":
        return this.#again(command.text === "" ? await this.#edited() : command.text);
      case "undo":
        this.#conversation = this.#conversation.withoutLastQuestion();
        return;
      case "system":
        this.#conversation = this.#conversation.withSystem(command.text);
        return;
      case "set":
        this.#set(command.name, command.value);
        return;
      case "thinking":
        this.#showThinking = !this.#showThinking;
        this.#say(`the reasoning is ${this.#showThinking ? "shown" : "hidden"}\n`);
        return;
      case "history":
        for (const { role, content } of this.#conversation.turns) this.#say(`${role}: ${content}\n\n`);
        return;
      case "save":
        return this.#save(command.text);
      case "load":
        return this.#load(command.text);
      case "clear":
        this.#conversation = this.#conversation.cleared();
        return;
      case "model":
        return this.#change(command.text);
      case "help":
        this.#say(HELP);
        return;
      case "unknown":
        this.#say(
          `there is no /${command.text}; /help tells what there is (// at the start asks about a line with a slash)\n`,
        );
        return;
      case "quit":
        return;
    }
  }

  async #again(question: string | null): Promise<void> {
    if (this.#conversation.lastQuestion === null) this.#say("nothing was asked yet\n");
    else if (question !== null) await this.#answer(this.#conversation.withoutLastQuestion().ask(question));
  }

  /** The last question, as the user changes it; null where nothing is to be asked. */
  async #edited(): Promise<string | null> {
    const { lastQuestion } = this.#conversation;
    if (lastQuestion === null) return "";
    const line = await this.#read(lastQuestion.replaceAll("\n", " "));
    return line === null || line.trim() === "" ? null : line;
  }

  #set(name: string, value: string): void {
    if (name !== "") this.#settings = withSetting(this.#settings, name, value);
    const all = Object.entries(this.#settings).map(([key, setting]) => `${key} ${setting}`);
    this.#say(`${all.join(", ") || "the server's own settings"}\n`);
  }

  #save(file: string): void {
    if (file === "") this.#say("name a file: /save conversation.json\n");
    else if (existsSync(file)) this.#say(`${file} is there already; name another file\n`);
    else
      this.#attempt(() => {
        writeFileSync(file, `${JSON.stringify(this.#conversation.turns, null, 2)}\n`);
        return `written to ${file}`;
      });
  }

  #load(file: string): void {
    this.#attempt(() => {
      const parsed = savedTurns.parse(JSON.parse(readFileSync(file, "utf8")));
      this.#conversation = new Conversation(
        parsed.map(({ role, content, reasoning }) => ({
          role,
          content,
          ...(reasoning === undefined ? {} : { reasoning }),
        })),
      );
      return `${parsed.length} turns`;
    });
  }

  /** What goes wrong with a file is said, and the chat goes on. */
  #attempt(work: () => string): void {
    try {
      this.#say(`${work()}\n`);
    } catch (error) {
      this.#say(`${error instanceof Error ? error.message : String(error)}\n`);
    }
  }

  async #change(name: string): Promise<void> {
    const models = await listModels(this.#options.server);
    if (models.includes(name)) this.#model = name;
    for (const model of models) this.#say(`${model === this.#model ? "*" : " "} ${model}\n`);
    if (name !== "" && !models.includes(name)) this.#say(`there is no "${name}"\n`);
  }
}
