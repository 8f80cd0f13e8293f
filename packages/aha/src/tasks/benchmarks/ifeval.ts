/** IFEval as a task: instructions that a program can check, strictly and loosely. */
import {
  InstructionError,
  type InstructionsResult,
  loadLanguageDetector,
  readInstructions,
  summariseInstructions,
  verifyInstructions,
} from "@aha/verify";
import { z } from "zod";
import type { DataRow } from "../../data/data-row.ts";
import { answerPart } from "../answer-part.ts";
import { dataOptions } from "../data-options.ts";
import { dataTask, type RowQuestion, shown, TaskDataError, textColumn } from "../data-task.ts";
import { formatRewards, type PromptOptions, promptOf, promptOptions } from "../prompt-forms.ts";
import type { Columns, Figure, JudgedSample, Judgement, Reward } from "../task.ts";
import { taskKind } from "../task-source.ts";

const schema = z.strictObject({ ...dataOptions, ...promptOptions });

const instructionColumns = z.object({
  instruction_id_list: z.array(z.string()).min(1),
  kwargs: z.array(z.record(z.string(), z.json()).nullable()),
});

type Detector = (text: string) => string | undefined;

/** Rows `{key, prompt, instruction_id_list, kwargs}`; accuracy is the strict one of whole prompts, as the paper reports. */
export const ifeval = taskKind({
  name: "ifeval",
  description:
    "Instructions a program can check (IFEval): strict and loose, by prompt and by instruction; hub: google/IFEval",
  schema,
  load: async (options) => {
    const detectLanguage = await loadLanguageDetector();
    return dataTask<Columns>({
      name: "ifeval",
      options,
      question: (row) => toQuestion(row, options),
      rewards: [
        instructionReward("accuracy", "strict", options, detectLanguage),
        instructionReward("loose", "loose", options, detectLanguage),
        ...formatRewards(options),
      ],
      heldOutOneIn: 1,
      evaluation: {
        headlineName: "prompt, strict",
        published: [{ row: "IF-Eval", questions: 541 }],
        figures,
      },
    });
  },
});

function toQuestion(row: DataRow, options: PromptOptions): RowQuestion<Columns> {
  const prompt = textColumn(row, ["prompt"], "the prompt");
  const found = instructionColumns.safeParse(row.columns);
  if (!found.success) {
    throw new TaskDataError(
      `${row.source}: expected "instruction_id_list" and "kwargs" as lists, got ${shown(row.columns.instruction_id_list ?? null)}. ` +
        "Correct the row.",
    );
  }
  try {
    readInstructions(found.data);
  } catch (error) {
    if (!(error instanceof InstructionError)) throw error;
    throw new TaskDataError(`${row.source}: ${error.message}`);
  }
  return { text: prompt, prompt: promptOf(prompt, options), columns: row.columns };
}

/** The thinking follows no instructions: it is not read. */
function instructionReward(
  name: string,
  kind: "strict" | "loose",
  options: PromptOptions,
  detectLanguage: Detector,
): Reward {
  return {
    name,
    weight: kind === "strict" ? 1 : 0,
    judge: ({ question, completion }): Judgement => {
      const response = (answerPart(completion, options) ?? "").trim();
      const instructions = readInstructions(instructionColumns.parse(question.columns));
      const result = verifyInstructions(response, instructions, { detectLanguage });
      const missed = result.details.filter((detail) => !detail[kind]);
      return {
        value: result[kind].all ? 1 : 0,
        outcome: result[kind].all ? "correct" : "wrong",
        detail:
          missed.length === 0
            ? "every instruction is followed"
            : missed.map(({ id, found }) => `${id}: ${found}`).join("; "),
        ...(kind === "strict" ? { findings: result.details.map((detail) => ({ ...detail })) } : {}),
      };
    },
  };
}

const detail = z.object({ id: z.string(), strict: z.boolean(), loose: z.boolean(), found: z.string() });

/** The four published accuracies, less the headline. */
function figures(samples: readonly JudgedSample[]): Figure[] {
  const results = samples.map(({ judgements }): InstructionsResult => {
    const details = z.array(detail).parse(judgements.accuracy?.findings ?? []);
    const verdict = (kind: "strict" | "loose") => {
      const each = details.map((one) => one[kind]);
      return { all: each.every(Boolean), each };
    };
    const strict = verdict("strict");
    return { outcome: strict.all ? "correct" : "wrong", strict, loose: verdict("loose"), details };
  });
  const { promptLevel, instructionLevel } = summariseInstructions(results);
  return [
    { name: "prompt, loose", value: promptLevel.loose, unit: "share" },
    { name: "instruction, strict", value: instructionLevel.strict, unit: "share" },
    { name: "instruction, loose", value: instructionLevel.loose, unit: "share" },
  ];
}
