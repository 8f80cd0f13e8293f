/** `aha analyze`: what a run's completions turn into: reflection, length, difficulty, language, repetition. */
import { Command } from "commander";
import type { ShotsRow } from "../../contracts/shots.ts";
import type { Work } from "../../contracts/work.ts";
import { fraction, positive, positiveInteger, tokenIds, wholeNumber } from "../arguments.ts";
import { UsageError } from "../cli-error.ts";

interface AnalyzeFlags {
  readonly words?: string;
  readonly language: string;
  readonly every: number;
  readonly closely: number;
  readonly levels?: string;
  readonly leastRise: number;
  readonly mostChance: number;
  readonly shots?: readonly number[];
  readonly recipe?: string;
  readonly questions: number;
  readonly markdown?: boolean;
  readonly json?: boolean;
}

export function analyzeCommand(work: Work): Command {
  return new Command("analyze")
    .description("Watch reflection, length, difficulty, language and repetition over a run's rollouts")
    .argument("<run>", "run directory, such as runs/quickstart; also while it is running")
    .option("--words <list>", "words to count instead of the paper's, such as wait,hmm,等等")
    .option("--language <code>", "the language that thoughts should be in; auto: the prompt's", "auto")
    .option("--every <count>", "read only every so many-th step", positiveInteger, 1)
    .option(
      "--closely <count>",
      "completions a step whose language and repetition are measured",
      wholeNumber,
      24,
    )
    .option("--levels <file>", "JSON lines of questions and levels: {question, level}")
    .option("--least-rise <ratio>", "what reflection must rise by to count as taking off", positive, 2)
    .option("--most-chance <share>", "… and how likely chance may make such a rise", fraction, 0.01)
    .option(
      "--shots <counts>",
      "also ask the last checkpoint after so many examples, such as 0,1,3",
      tokenIds,
    )
    .option("--recipe <file>", "the run's recipe, for --shots")
    .option("--questions <count>", "held-out questions for --shots", positiveInteger, 200)
    .option("--markdown", "print Markdown")
    .option("--json", "print JSON")
    .action(async (run: string, flags: AnalyzeFlags) => {
      const { analyzeRun } = await import("../../analysis/analyze-run.ts");
      const { paperWords, wordList } = await import("../../analysis/reflective-words.ts");
      const { readLevels } = await import("../../analysis/read-levels.ts");
      const shown = process.stderr.isTTY === true;
      const analysis = await analyzeRun(run, {
        words: flags.words === undefined ? paperWords : wordList(flags.words),
        language: flags.language,
        every: flags.every,
        closely: flags.closely,
        ...(flags.levels === undefined ? {} : { levels: readLevels(flags.levels) }),
        takeOff: { leastRise: flags.leastRise, mostChance: flags.mostChance },
        onStep: (read, of) => {
          if (shown) process.stderr.write(`\r${read} of ${of} steps${read === of ? "\r\u001b[2K" : ""}`);
        },
      });
      const shots = await shotsRows(work, run, flags);
      if (flags.json === true) {
        process.stdout.write(`${JSON.stringify({ ...analysis, shots })}\n`);
        return;
      }
      const tables = await import("../../analysis/analysis-tables.ts");
      const { markdownTable, terminalTable } = await import("../../cost/text-table.ts");
      const asText = flags.markdown === true ? markdownTable : terminalTable;
      const verdict = tables.votingVerdict(analysis);
      const parts = [
        `Reflection ${analysis.takeOff.verdict}.`,
        asText(tables.courseTable(analysis)),
        asText(tables.difficultyTable(analysis)),
        asText(tables.votingTable(analysis)),
        ...(verdict === null ? [] : [`Voting: ${verdict}.`]),
        ...(shots === null ? [] : [asText(tables.shotsTable(shots))]),
      ];
      process.stdout.write(`${parts.join("\n\n")}\n`);
    });
}

/** Null where no examples were asked for. */
async function shotsRows(work: Work, run: string, flags: AnalyzeFlags): Promise<readonly ShotsRow[] | null> {
  const { shots, recipe: file, questions } = flags;
  if (shots === undefined) return null;
  if (file === undefined) throw new UsageError("--shots needs the run's recipe: add --recipe <file>");
  const { loadRecipe } = await import("../../recipe/load-recipe.ts");
  const recipe = await loadRecipe(file);
  if (recipe.stage !== "rl")
    throw new UsageError(`${file} is a recipe of stage "${recipe.stage}"; --shots needs one of "rl"`);
  return work.compareShots({ run, recipe, shots, questions });
}
