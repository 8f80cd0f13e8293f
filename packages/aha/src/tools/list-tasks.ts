/** The work of `aha tasks`: every kind of task with its options, as its schema says. */
import { z } from "zod";
import type { TaskDescription } from "../contracts/work.ts";
import { taskKinds } from "./known-tasks.ts";

export function listTasks(): readonly TaskDescription[] {
  return taskKinds.map(({ taskName, description, schema }) => ({
    name: taskName,
    description,
    options: optionsOf(schema),
  }));
}

const property = z.looseObject({
  type: z.string().optional(),
  enum: z.array(z.json()).optional(),
  items: z.looseObject({ type: z.string().optional() }).optional(),
  default: z.json().optional(),
  description: z.string().optional(),
});

function optionsOf(schema: z.ZodObject): TaskDescription["options"] {
  const { properties = {} } = z.toJSONSchema(schema, { io: "input" });
  return Object.entries(properties).map(([name, value]) => {
    const { type = "", enum: choices, items, default: fallback, description = "" } = property.parse(value);
    const kind = items?.type === undefined ? type : `list of ${items.type}`;
    const values = choices === undefined ? kind : choices.join(" | ");
    const shown = fallback === undefined ? "" : ` (default ${JSON.stringify(fallback)})`;
    return { name, values: `${values}${shown}`, description };
  });
}
