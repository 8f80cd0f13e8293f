/** Emits the JSON Schema that editors use for JSON and YAML recipes. */
import { z } from "zod";
import { pretrainSchema } from "./pretrain-schema.ts";
import { reinforcementSchema } from "./reinforcement-schema.ts";
import { rewardModelSchema } from "./reward-model-schema.ts";
import { supervisedSchema } from "./supervised-schema.ts";

/** The schema as text, as committed in `packages/aha/recipe.schema.json` (written by `aha schema --write`). */
export function recipeJsonSchema(): string {
  const schema = z.toJSONSchema(
    z.discriminatedUnion("stage", [reinforcementSchema, supervisedSchema, rewardModelSchema, pretrainSchema]),
    {
      io: "input",
      unrepresentable: "any",
    },
  );
  return `${JSON.stringify({ title: "Aha recipe", ...schema }, null, 2)}\n`;
}
