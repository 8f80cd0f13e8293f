/** Any dataset with a column `prompt` as a task: its columns go to rewards of the user's own. */
import { z } from "zod";
import { DataError } from "../data/data-error.ts";
import type { DataRow } from "../data/data-row.ts";
import { readExample } from "../data/examples.ts";
import { dataOptions } from "./data-options.ts";
import { dataTask, type RowQuestion, TaskDataError } from "./data-task.ts";
import type { Columns, Message } from "./task.ts";
import { taskKind } from "./task-source.ts";

const schema = z.strictObject({ ...dataOptions });

/** Rows `{prompt, …}`, the prompt as text or as a list of `{role, content}`. It has no rewards: see `withRewards`. */
export const prompts = taskKind({
  name: "prompts",
  description: "Any rows with a column prompt, for rewards given in the recipe's code by withRewards",
  schema,
  load: (options) => dataTask<Columns>({ name: "prompts", options, question: toQuestion, rewards: [] }),
});

const roles: readonly string[] = ["system", "user", "assistant"] satisfies Message["role"][];
const isRole = (role: string): role is Message["role"] => roles.includes(role);

function toQuestion(row: DataRow): RowQuestion<Columns> {
  const prompt = promptIn(row);
  const text = typeof prompt === "string" ? prompt : JSON.stringify(prompt);
  return { text, prompt, columns: row.columns };
}

function promptIn(row: DataRow): string | Message[] {
  try {
    const { prompt } = readExample(row, "prompt");
    if (typeof prompt === "string") return prompt;
    return prompt.map(({ role, content }) => {
      if (isRole(role) && typeof content === "string") return { role, content };
      throw new TaskDataError(
        `${row.source}: expected turns of ${roles.join(", ")} with text as content, got role ${role}. Leave the row out.`,
      );
    });
  } catch (error) {
    if (error instanceof DataError) throw new TaskDataError(error.message);
    throw error;
  }
}
