/** `aha pull`: a hub's model into the cache shared with Hugging Face's Python tools. */
import { Command } from "commander";
import type { Work } from "../../contracts/work.ts";

export function pullCommand(work: Work): Command {
  return new Command("pull")
    .description("Fetch a model from the hub, and print the folder it lies in")
    .argument("<id>", "owner/name, such as Qwen/Qwen2.5-0.5B")
    .option("--revision <name>", "branch, tag or commit", "main")
    .action(async (id: string, flags: { readonly revision: string }) => {
      let shown = 0;
      const show = (text: string): void => {
        if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
      };
      const folder = await work.pullModel(id, flags.revision, ({ path, bytes, totalBytes }) => {
        const now = performance.now();
        if (now - shown < 100 && bytes < totalBytes) return;
        shown = now;
        const share = totalBytes === 0 ? 1 : bytes / totalBytes;
        const bar = "█".repeat(Math.round(share * 24)).padEnd(24, "░");
        show(
          `${bar} ${(share * 100).toFixed(0).padStart(3)} % of ${(totalBytes / 1e6).toFixed(0)} MB  ${path}`,
        );
      });
      show("");
      process.stdout.write(`${folder}\n`);
    });
}
