/** The tasks that can be named in JSON recipes and on the command line, with their options checked. */
import { z } from "zod";
import { checkedOptions } from "../recipe/checked-options.ts";
import type { Registry } from "../recipe/task-registry.ts";
import { type CountdownOptions, countdown } from "../tasks/countdown.ts";
import type { Task } from "../tasks/task.ts";

const count = z.int().min(0).optional();
const integer = z.int().optional();

const countdownOptions = z.strictObject({
  numbers: integer,
  minimumNumber: integer,
  maximumNumber: integer,
  minimumTarget: integer,
  maximumTarget: integer,
  heldOutOneIn: integer,
  train: count,
  heldOut: count,
  seed: integer,
  prompt: z.enum(["terse", "template"]).optional(),
  promptOpensThinking: z.boolean().optional(),
});

/** Options that were left out stay out, as exact optional properties ask. */
function given(options: z.output<typeof countdownOptions>): CountdownOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

export const knownTasks: Registry<Task> = new Map([
  ["countdown", checkedOptions(countdownOptions, (options) => countdown(given(options)))],
]);
