/** `aha generate`: completes a prompt, given as text or as token ids. */
import { text as readAll } from "node:stream/consumers";
import { Command } from "commander";
import type { GeneratedCompletion, GenerateRequest, Work } from "../../contracts/work.ts";
import { positiveInteger, tokenIds } from "../arguments.ts";
import { UsageError } from "../cli-error.ts";
import {
  addDeviceOptions,
  addSamplingOptions,
  type DeviceFlags,
  type SamplingFlags,
  samplingOptions,
} from "./shared-options.ts";

interface GenerateFlags extends SamplingFlags, DeviceFlags {
  readonly ids?: readonly number[];
  readonly chat?: boolean;
  readonly samples: number;
  readonly json?: boolean;
}

export function generateCommand(work: Work): Command {
  const command = new Command("generate")
    .description("Complete a prompt with a model")
    .argument("<model>", "Hugging Face model folder")
    .argument("[prompt...]", "the prompt's text; read from standard input where it is left out")
    .option("--ids <list>", "the prompt as token ids, such as 1,403,407, taken as they are", tokenIds)
    .option("--chat", "wrap the prompt as a user's turn in the model's chat template")
    .option("--samples <count>", "how many completions to draw", positiveInteger, 1)
    .option("--json", "print one JSON line a completion: text, token_ids, logprobs, finish_reason");
  addSamplingOptions(command, 512);
  addDeviceOptions(command, "auto");
  return command.action(async (model: string, words: readonly string[], flags: GenerateFlags) => {
    const streaming = flags.json !== true && flags.samples === 1;
    const request: GenerateRequest = {
      model,
      prompt: await readPrompt(words, flags),
      chat: flags.chat ?? false,
      sampling: samplingOptions(flags),
      samples: flags.samples,
      dtype: flags.dtype,
      device: flags.device,
      ...(streaming ? { onText: (piece: string) => void process.stdout.write(piece) } : {}),
    };
    const completions = await work.generateCompletions(request);
    if (streaming) process.stdout.write("\n");
    else if (flags.json === true) for (const completion of completions) printJson(completion);
    else process.stdout.write(`${completions.map(({ text }) => text).join("\n---\n")}\n`);
  });
}

async function readPrompt(
  words: readonly string[],
  flags: GenerateFlags,
): Promise<GenerateRequest["prompt"]> {
  if (flags.ids !== undefined) {
    if (words.length > 0) throw new UsageError("give the prompt as text or as --ids, not both");
    if (flags.chat === true) throw new UsageError("--chat wraps text; token ids are taken as they are");
    return { ids: flags.ids };
  }
  if (words.length > 0) return { text: words.join(" ") };
  if (process.stdin.isTTY) throw new UsageError("no prompt: give it as text, by --ids, or on standard input");
  return { text: await readAll(process.stdin) };
}

function printJson({ text, promptTokenIds, tokenIds, logProbabilities, finish }: GeneratedCompletion): void {
  const line = {
    text,
    prompt_token_ids: promptTokenIds,
    token_ids: tokenIds,
    logprobs: logProbabilities,
    finish_reason: finish,
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
