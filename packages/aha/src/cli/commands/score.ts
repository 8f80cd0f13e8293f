/** `aha score`: the log-probabilities a model gives to texts, a JSON line in, a JSON line out. */
import { once } from "node:events";
import { createReadStream } from "node:fs";
import type { Readable } from "node:stream";
import { Command } from "commander";
import type { ScoreInput, Work } from "../../contracts/work.ts";
import { UsageError } from "../cli-error.ts";
import { addDeviceOptions, type DeviceFlags } from "./shared-options.ts";

/** A line that is neither `{"text"}` nor `{"input_ids"}`. */
export class ScoreInputError extends Error {
  override readonly name = "ScoreInputError";
  constructor(source: string, line: number, came: string) {
    const shown = came.length > 60 ? `${came.slice(0, 60)}…` : came;
    super(`${source}:${line}: expected {"text": "…"} or {"input_ids": [1, 2, …]}, got ${shown}`);
  }
}

export function scoreCommand(work: Work): Command {
  const command = new Command("score")
    .description("Print the loss and each token's log-probability for lines of text or token ids")
    .argument("<model>", "Hugging Face model folder")
    .argument("[file]", 'JSONL of {"text"} or {"input_ids"}; standard input where it is left out or "-"');
  addDeviceOptions(command, "float32");
  return command.action(async (model: string, file: string | undefined, flags: DeviceFlags) => {
    const fromFile = file !== undefined && file !== "-";
    if (!fromFile && process.stdin.isTTY) throw new UsageError("no input: name a JSONL file, or pipe one in");
    const input = fromFile ? createReadStream(file) : process.stdin;
    if (fromFile) await once(input, "open");
    const inputs = parseScoreLines(linesOf(input), fromFile ? file : "standard input");
    for await (const output of work.scoreLines({ model, dtype: flags.dtype, device: flags.device }, inputs)) {
      process.stdout.write(`${JSON.stringify(output)}\n`);
    }
  });
}

/**
 * Lines of a stream that is not read before the first is asked for, and whose errors reach the reader: node:readline
 * loses what arrives before its iteration begins.
 */
async function* linesOf(input: Readable): AsyncGenerator<string> {
  input.setEncoding("utf8");
  let rest = "";
  for await (const chunk of input as AsyncIterable<string>) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  if (rest !== "") yield rest;
}

/** Checks each line as it is read; empty lines are passed over. */
export async function* parseScoreLines(
  lines: AsyncIterable<string> | Iterable<string>,
  source: string,
): AsyncGenerator<ScoreInput> {
  let number = 0;
  for await (const line of lines) {
    number++;
    if (line.trim() === "") continue;
    const input = parseScoreLine(line);
    if (input === undefined) throw new ScoreInputError(source, number, line);
    yield { line: number, ...input };
  }
}

function parseScoreLine(line: string): ScoreInput | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined; // The caller names the line.
  }
  if (typeof value !== "object" || value === null) return undefined;
  if ("input_ids" in value && isTokenIds(value.input_ids)) return { input_ids: value.input_ids };
  return "text" in value && typeof value.text === "string" ? { text: value.text } : undefined;
}

function isTokenIds(value: unknown): value is number[] {
  return Array.isArray(value) && value.length > 0 && value.every((id) => Number.isSafeInteger(id) && id >= 0);
}
