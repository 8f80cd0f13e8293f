/** `aha chat`: talks to a model folder, or to any OpenAI-compatible server. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { Command } from "commander";
import type { ChatOptions } from "../../chat/chat.ts";
import type { ChatSettings } from "../../chat/chat-client.ts";
import type { Work } from "../../contracts/work.ts";
import { nonNegative, positiveInteger, probability, wholeNumber } from "../arguments.ts";
import { UsageError } from "../cli-error.ts";
import { addInferenceOptions, type InferenceFlags, inferenceOptions } from "./inference-options.ts";

interface ChatFlags extends InferenceFlags {
  readonly model?: string;
  readonly apiKey?: string;
  readonly system?: string;
  readonly temperature?: number;
  readonly topP?: number;
  readonly maxTokens?: number;
  readonly seed?: number;
  readonly thinkingBudget?: number;
  readonly hideThinking?: boolean;
  readonly chatTemplate?: string;
}

export function chatCommand(work: Work): Command {
  const command = new Command("chat")
    .description("Talk to a model in the terminal")
    .argument("<model>", "model folder, or the URL of an OpenAI-compatible server")
    .option("--model <name>", "which of the server's models (default: its first)")
    .option("--api-key <key>", "for a server by URL (default: AHA_API_KEY)")
    .option("--system <text>", "instructions for the model")
    .option("--temperature <number>", "sampling temperature (default: the model's own)", nonNegative)
    .option("--top-p <number>", "sample from the likeliest tokens that hold this probability", probability)
    .option("--max-tokens <count>", "cut an answer off after so many tokens", positiveInteger)
    .option("--seed <number>", "answer the same way each time", wholeNumber)
    .option("--thinking-budget <tokens>", "close the reasoning after so many tokens", wholeNumber)
    .option("--hide-thinking", "show the answer only")
    .option("--chat-template <file>", "a Jinja template in place of the folder's");
  addInferenceOptions(command);
  return command.action(async (target: string, flags: ChatFlags) => {
    const url = /^https?:\/\//.test(target) ? target : null;
    if (url !== null && flags.chatTemplate !== undefined)
      throw new UsageError("--chat-template is for a folder; a server by URL has its own");
    const own =
      url === null
        ? await work.serve({
            // One answer at a time, and what the one before has computed.
            inference: inferenceOptions(target, { ...flags, sequences: flags.sequences ?? 2 }),
            ...{ host: "127.0.0.1", port: 0, apiKey: null, queue: 2, thinkingBudget: null },
            chatTemplate: flags.chatTemplate ?? null,
          })
        : null;
    const history = historyFile();
    const lines = process.stdin.isTTY ? readHistory(history) : [];
    try {
      await work.chat(chatOptions(own === null ? baseOf(url ?? "") : `${own.url}/v1`, flags, lines));
    } finally {
      if (process.stdin.isTTY) writeHistory(history, lines);
      await own?.close(0);
    }
  });
}

/** A server's address with its `/v1`, which people leave out. */
export function baseOf(url: string): string {
  const { origin, pathname } = new URL(url);
  const path = pathname.replace(/\/+$/, "");
  return `${origin}${path === "" ? "/v1" : path}`;
}

function chatOptions(url: string, flags: ChatFlags, history: string[]): ChatOptions {
  const stated: Record<string, number | undefined> = {
    temperature: flags.temperature,
    top_p: flags.topP,
    max_tokens: flags.maxTokens,
    seed: flags.seed,
    thinking_budget: flags.thinkingBudget,
  };
  const settings: ChatSettings = Object.fromEntries(
    Object.entries(stated).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
  const { AHA_API_KEY, NO_COLOR = "" } = process.env;
  return {
    server: { url, apiKey: flags.apiKey ?? AHA_API_KEY ?? null },
    model: flags.model ?? null,
    system: flags.system ?? null,
    settings,
    showThinking: flags.hideThinking !== true,
    terminal: { input: process.stdin, output: process.stdout },
    styled: process.stdout.isTTY === true && NO_COLOR === "",
    history,
    onStop(stop) {
      process.on("SIGINT", stop);
      return () => void process.off("SIGINT", stop);
    },
  };
}

/** Where typed lines are kept from one chat to the next. */
function historyFile(): string {
  const state = process.env.XDG_STATE_HOME ?? join(homedir(), ".local", "state");
  return join(state, "aha", "chat-history.json");
}

const KEPT_LINES = 1000;

function readHistory(file: string): string[] {
  if (!existsSync(file)) return [];
  try {
    const lines: unknown = JSON.parse(readFileSync(file, "utf8"));
    return Array.isArray(lines) ? lines.filter((line) => typeof line === "string") : [];
  } catch {
    return []; // A convenience: a broken file is begun anew.
  }
}

function writeHistory(file: string, lines: readonly string[]): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify(lines.slice(0, KEPT_LINES)), { mode: 0o600 });
  } catch {
    // A convenience: where nothing can be written, nothing is kept.
  }
}
