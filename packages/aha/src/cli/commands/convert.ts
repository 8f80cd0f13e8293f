/** `aha convert`: a GGUF file to a Hugging Face folder, or a folder to a GGUF file. */
import { Command, Option } from "commander";
import type { ConvertFlags, Work } from "../../contracts/work.ts";

export function convertCommand(work: Work): Command {
  return new Command("convert")
    .description(
      "Convert a model between a Hugging Face folder and a GGUF file, or merge a LoRA adapter into its base",
    )
    .argument("<from>", "a .gguf file, a Hugging Face model folder, or a LoRA adapter's")
    .argument("<to>", "the folder to make, or the .gguf file")
    .addOption(
      new Option("--dtype <type>", "the folder's weights").choices(["bfloat16", "float16", "float32"]),
    )
    .addOption(
      new Option("--format <name>", "the file's matrices; norms stay in F32").choices([
        "Q8_0",
        "BF16",
        "F16",
        "F32",
      ]),
    )
    .action(async (from: string, to: string, flags: ConvertFlags) => {
      process.stdout.write(`${await work.convertModel(from, to, flags)}\n`);
    });
}
