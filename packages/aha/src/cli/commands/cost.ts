/** `aha cost`: what runs cost, by stage and phase, as the paper tells it. */
import { Command } from "commander";
import { nonNegative } from "../arguments.ts";

interface CostFlags {
  readonly price?: number;
  readonly phases?: boolean;
  readonly markdown?: boolean;
  readonly json?: boolean;
}

export function costCommand(): Command {
  return new Command("cost")
    .description("What runs cost: device-hours, tokens, operations and money, also while they are running")
    .argument("<run...>", "run directories, or folders of them such as runs/")
    .option("--price <dollars>", "US dollars a device-hour instead of the recipes' own", nonNegative)
    .option("--phases", "also the hours of each phase (rollout, reward, train, …)")
    .option("--markdown", "print Markdown")
    .option("--json", "print JSON")
    .action(async (directories: readonly string[], flags: CostFlags) => {
      const { runCost, runsIn } = await import("../../cost/run-cost.ts");
      const { costJson, costNotes, costTable, phaseTable } = await import("../../cost/cost-table.ts");
      const { markdownTable, terminalTable } = await import("../../cost/text-table.ts");
      const runs = [...new Set(directories.flatMap(runsIn))].map((directory) =>
        runCost(directory, flags.price),
      );
      if (flags.json === true) {
        process.stdout.write(`${JSON.stringify(costJson(runs))}\n`);
        return;
      }
      const asText = flags.markdown === true ? markdownTable : terminalTable;
      const parts = [asText(costTable(runs))];
      if (flags.phases === true || runs.length === 1) parts.push(asText(phaseTable(runs)));
      parts.push(...costNotes(runs));
      process.stdout.write(`${parts.join("\n\n")}\n`);
    });
}
