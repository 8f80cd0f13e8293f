/** `aha score-responses`: what a reward model gives to the responses of a dataset, a JSON line a row. */
import { Command, Option } from "commander";
import type { Work } from "../../contracts/work.ts";
import { addDeviceOptions, type DeviceFlags } from "./shared-options.ts";

interface ScoreResponsesFlags extends DeviceFlags {
  readonly part: "summary" | "response";
  readonly split?: string;
}

export function scoreResponsesCommand(work: Work): Command {
  const command = new Command("score-responses")
    .description("Print a reward model's score of each response in a dataset")
    .argument("<model>", "a reward model's folder, as `aha reward-model` or transformers writes it")
    .argument(
      "<data>",
      "rows with prompt and completion, or chosen and rejected: a file, a folder, or a hub id",
    )
    .addOption(
      new Option("--part <part>", "what is read of a response: what stands behind </think>, or all of it")
        .choices(["summary", "response"])
        .default("summary"),
    )
    .option("--split <split>", "such as test, or train[:100]");
  addDeviceOptions(command, "auto");
  return command.action(async (model: string, data: string, flags: ScoreResponsesFlags) => {
    const { part, split, dtype, device } = flags;
    const request = { model, data, part, dtype, device, ...(split === undefined ? {} : { split }) };
    for await (const scores of work.scoreResponses(request))
      process.stdout.write(`${JSON.stringify(scores)}\n`);
  });
}
