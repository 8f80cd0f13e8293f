/** What the Chinese examinations C-Eval and CMMLU share: their prompt, and rows with the options in columns A to D. */
import type { DataRow } from "../../data/data-row.ts";
import { type ChoiceColumns, choiceGold, choicesIn, listedChoices } from "../choice-task.ts";
import { type RowQuestion, textColumn } from "../data-task.ts";
import { type PromptOptions, promptOf } from "../prompt-forms.ts";

/** Null for a subject that was not asked for. */
export function chineseQuestion(
  row: DataRow,
  options: PromptOptions & { readonly subjects?: readonly string[] | undefined },
): RowQuestion<ChoiceColumns> | null {
  const { subject } = row.columns;
  if (
    options.subjects !== undefined &&
    !options.subjects.includes(textColumn(row, ["subject"], "the subject"))
  ) {
    return null;
  }
  const question = textColumn(row, ["question", "Question"], "the question").trim();
  const choices = choicesIn(row, 4);
  const gold = choiceGold(row, row.columns.answer ?? row.columns.Answer, choices.length);
  const text = `${question}\n${listedChoices(choices, ". ")}`;
  const about = typeof subject === "string" ? `关于${subject.replaceAll("_", " ")}` : "";
  return {
    text,
    prompt: promptOf(
      `以下是${about}考试的单项选择题，请选出其中的正确答案。\n\n${text}\n\n请逐步推理，并将正确选项的字母放在 \\boxed{} 中。`,
      options,
    ),
    columns: { ...row.columns, question, choices, gold },
  };
}
