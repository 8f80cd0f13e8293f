/** `aha tasks`: which tasks there are, and what one asks. */
import { Command, Option } from "commander";
import type { ShownQuestion, ShownTask, TaskDescription, Work } from "../../contracts/work.ts";
import { assignment, collect, positiveInteger } from "../arguments.ts";

interface ShowFlags {
  readonly path?: string;
  readonly option?: readonly string[];
  readonly count: number;
  readonly split: "train" | "held-out";
  readonly json?: boolean;
}

export function tasksCommand(work: Work): Command {
  const command = new Command("tasks")
    .description("List the tasks, or show what one asks")
    .option("--options", "with each task's options")
    .option("--json", "print the list as JSON")
    .action(async (flags: { readonly options?: boolean; readonly json?: boolean }) => {
      const tasks = await work.listTasks();
      const text = () => formatTasks(tasks, flags.options === true);
      process.stdout.write(flags.json === true ? `${JSON.stringify(tasks)}\n` : text());
    });
  command.addCommand(showCommand(work).exitOverride());
  return command;
}

function showCommand(work: Work): Command {
  return new Command("show")
    .description("Print a task's questions as they are asked, and its rewards on a right and a wrong answer")
    .argument("<task>", "the task, such as gsm8k")
    .option("--path <path>", "its data: a file, a folder, or a hub id such as openai/gsm8k")
    .option("--option <name=value>", "another option of the task, such as levels=[5]; repeatable", collect)
    .option("--count <count>", "how many questions", positiveInteger, 3)
    .addOption(
      new Option("--split <side>", "which questions").choices(["held-out", "train"]).default("held-out"),
    )
    .option("--json", "print JSON lines")
    .action(async (name: string, flags: ShowFlags, command: Command) => {
      // The list's own --json stands before the command's name, and is meant for it all the same.
      const json = command.optsWithGlobals<ShowFlags>().json === true;
      const shown = await work.showTask({
        task: {
          ...(flags.path === undefined ? {} : { path: flags.path }),
          ...Object.fromEntries((flags.option ?? []).map(assignment)),
          name,
        },
        split: flags.split === "train" ? "train" : "heldOut",
        count: flags.count,
      });
      if (!json) process.stdout.write(formatHead(shown));
      for await (const question of shown.questions) {
        process.stdout.write(json ? `${JSON.stringify(question)}\n` : formatQuestion(question));
      }
    });
}

/** One line a task; with its options below it where they are asked for. */
export function formatTasks(tasks: readonly TaskDescription[], withOptions: boolean): string {
  const width = Math.max(0, ...tasks.map(({ name }) => name.length));
  return tasks
    .map(({ name, description, options }) => {
      const lines = options.map(
        ({ name: option, values, description: text }) =>
          `    ${option}: ${values}${text === "" ? "" : `. ${text}`}\n`,
      );
      return `${name.padEnd(width)}  ${description}\n${withOptions ? `${lines.join("")}\n` : ""}`;
    })
    .join("");
}

function formatHead({ name, train, heldOut, rewards, notes }: ShownTask): string {
  const head = `${name}: ${train} training questions, ${heldOut} held out; rewards: ${rewards.join(", ") || "none"}\n`;
  return head + notes.map((note) => `note: ${note}\n`).join("");
}

export function formatQuestion({ id, prompt, gold, completions }: ShownQuestion): string {
  const shown = completions.map(({ what, completion, judgements }) => {
    const verdicts = judgements.map(({ reward, value, outcome, detail }) => {
      const word = outcome === undefined ? "" : ` (${outcome})`;
      return `  ${reward} ${value ?? "does not apply"}${word}${detail === undefined ? "" : `  ${detail}`}\n`;
    });
    return `--- a ${what} answer\n${completion}\n--- its rewards\n${verdicts.join("")}`;
  });
  return `\n=== ${id}\n${prompt}\n--- gold\n${gold ?? "not in the data"}\n${shown.join("")}`;
}
