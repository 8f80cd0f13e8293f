/** `aha serve`: an OpenAI-compatible server over a model folder. */
import { Command } from "commander";
import type { Work } from "../../contracts/work.ts";
import type { RunningServer } from "../../server/serve.ts";
import { nonNegative, wholeNumber } from "../arguments.ts";
import { describeError } from "../cli-error.ts";
import { addInferenceOptions, type InferenceFlags, inferenceOptions } from "./inference-options.ts";

interface ServeFlags extends InferenceFlags {
  readonly host: string;
  readonly port: number;
  readonly apiKey?: string;
  readonly queue: number;
  readonly drain: number;
  readonly chatTemplate?: string;
  readonly thinkingBudget?: number;
}

export function serveCommand(work: Work): Command {
  const command = new Command("serve")
    .description("Serve a model to OpenAI's clients: chat, completions, streams, log-probabilities")
    .argument("<model>", "Hugging Face model folder, or a LoRA adapter's")
    .option(
      "--host <address>",
      "where to listen; other addresses than this machine's own need a key",
      "127.0.0.1",
    )
    .option("--port <number>", "port; 0 takes a free one", wholeNumber, 8000)
    .option("--api-key <key>", "the key that clients must show (default: AHA_API_KEY, else none)")
    .option(
      "--queue <count>",
      "answers that may wait for their turn; more are refused with 429",
      wholeNumber,
      256,
    )
    .option("--drain <seconds>", "how long answers may go on after SIGTERM or Ctrl-C", nonNegative, 30)
    .option("--chat-template <file>", "a Jinja template in place of the folder's")
    .option(
      "--thinking-budget <tokens>",
      "close the reasoning after so many tokens, unless a request says otherwise",
      wholeNumber,
    );
  addInferenceOptions(command);
  return command.action(async (folder: string, flags: ServeFlags) => {
    const say = (text: string): void => void process.stderr.write(`${text}\n`);
    const server = await work.serve({
      inference: inferenceOptions(folder, flags),
      host: flags.host,
      port: flags.port,
      apiKey: flags.apiKey ?? process.env.AHA_API_KEY ?? null,
      queue: flags.queue,
      chatTemplate: flags.chatTemplate ?? null,
      thinkingBudget: flags.thinkingBudget ?? null,
      onError: (error) => say(describeError(error, true)),
    });
    for (const line of announcement(server)) say(line);
    await untilSignalled(server, flags.drain, say);
  });
}

/** What is served, where, and how to try it. */
export function announcement({ url, information }: Pick<RunningServer, "url" | "information">): string[] {
  const { models, family, parameterCount, dtype, device, positions, rows, cacheBytes } = information;
  const [unit, letter] = parameterCount < 1e6 ? [1e3, "K"] : parameterCount < 1e9 ? [1e6, "M"] : [1e9, "B"];
  const size = `${(parameterCount / unit).toPrecision(3)} ${letter}`;
  return [
    `${models.map(({ id }) => id).join(", ")}: ${family}, ${size} parameters, ${dtype} on ${device}`,
    `up to ${rows} answers at once, ${positions} tokens each (${(cacheBytes / 2 ** 30).toFixed(2)} GiB when full)`,
    `listening on ${url}/v1  (Ctrl-C ends)`,
  ];
}

/** Resolves when the server has closed: drained after the first signal, at once after the second. */
function untilSignalled(
  server: RunningServer,
  drainSeconds: number,
  say: (text: string) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let signals = 0;
    const listener = (): void => {
      signals++;
      if (signals === 1 && server.inFlight > 0)
        say(`finishing ${server.inFlight} answers, for at most ${drainSeconds} s; again ends at once`);
      const finish = (): void => {
        process.off("SIGINT", listener);
        process.off("SIGTERM", listener);
        resolve();
      };
      server.close(signals === 1 ? drainSeconds * 1000 : 0).then(finish, reject);
    };
    process.on("SIGINT", listener);
    process.on("SIGTERM", listener);
  });
}
