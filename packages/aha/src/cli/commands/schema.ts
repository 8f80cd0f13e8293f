/** `aha schema`: the JSON Schema of recipes, for editors. */
import { fileURLToPath } from "node:url";
import { Command } from "commander";

/** Where the schema is committed. */
export const schemaFile = fileURLToPath(new URL("../../../recipe.schema.json", import.meta.url));

export function schemaCommand(): Command {
  return new Command("schema")
    .description("Print the JSON Schema of recipes")
    .option("--write", "write it to packages/aha/recipe.schema.json instead")
    .action(async (flags: { readonly write?: boolean }) => {
      const { recipeJsonSchema } = await import("../../recipe/json-schema.ts");
      if (flags.write !== true) {
        process.stdout.write(recipeJsonSchema());
        return;
      }
      const { writeFileAtomically } = await import("../../run/atomic.ts");
      writeFileAtomically(schemaFile, recipeJsonSchema());
      process.stdout.write(`${schemaFile}\n`);
    });
}
