/** The card of a curated dataset: counts and mean tokens by domain, as DeepSeek-R1's table 5 gives them, and what was dropped. */
import type { CurationCounts } from "../contracts/curation.ts";
import type { CurationRecipe } from "../recipe/curation-schema.ts";

const row = (cells: readonly (string | number)[]): string => `| ${cells.join(" | ")} |`;
const rounded = (tokens: number): string => tokens.toFixed(1);

/** Markdown with the hub's front matter. */
export function datasetCard(recipe: CurationRecipe, counts: CurationCounts): string {
  const who = recipe.model?.path ?? `${recipe.endpoint?.model} at ${recipe.endpoint?.url}`;
  const { samplesPerQuestion, temperature, topP } = recipe.sampling;
  const domains = Object.entries(counts.domains).map(([name, { samples, meanTokens }]) =>
    row([name, samples, rounded(meanTokens)]),
  );
  const dropped = Object.entries(counts.dropped).sort(([, a], [, b]) => b - a);
  return [
    "---",
    "configs:",
    "- config_name: default",
    "  data_files:",
    "  - split: train",
    "    path: train.jsonl",
    "---",
    `# ${recipe.name}`,
    "",
    `${recipe.stage === "cold-start" ? "Cold-start data" : "Rejection-sampled data"} (rows \`prompt\`, \`completion\`, \`domain\`): ` +
      `${samplesPerQuestion} samples a question from \`${who}\` at temperature ${temperature}, top-p ${topP}; ` +
      `${counts.samplesDrawn} samples of ${counts.questions} questions, of which ${counts.questionsKept} kept at least one. ` +
      `Seed ${recipe.seed}. Rewriter: ${recipe.rewriter?.name ?? "none"}; judge beside the rules: ${recipe.judge?.name ?? "none"}.`,
    "",
    row(["Domain", "Samples", "Tokens (mean)"]),
    row(["---", "---:", "---:"]),
    ...domains,
    row(["Total", counts.total.samples, rounded(counts.total.meanTokens)]),
    "",
    "Left out:",
    "",
    row(["Reason", "Samples"]),
    row(["---", "---:"]),
    ...dropped.map(([reason, count]) => row([reason, count])),
    "",
  ].join("\n");
}
