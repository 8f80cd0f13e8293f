/** What tasks of multiple choice share: options by letter, the accuracy reward, a demonstration, the majority's vote. */
import { verifyChoice } from "@aha/verify";
import type { DataRow } from "../data/data-row.ts";
import { answerPart } from "./answer-part.ts";
import { shown, TaskDataError } from "./data-task.ts";
import { completionWith, type PromptOptions } from "./prompt-forms.ts";
import type { Columns, Demonstration, JsonValue, Reward, TaskEvaluation } from "./task.ts";

export interface ChoiceColumns extends Columns {
  readonly question: string;
  readonly choices: string[];
  /** The right option's letter. */
  readonly gold: string;
}

/** Letters of up to ten options, as MMLU-Pro has them. */
export const choiceLetters = "ABCDEFGHIJ";

/** 1 where the answer settles on the right letter (or its option's text), else 0. */
export function choiceReward(options: PromptOptions): Reward {
  return {
    name: "accuracy",
    weight: 1,
    judge: ({ question, completion }) => {
      const answer = answerPart(completion, options);
      if (answer === null) return { value: 0, outcome: "unparsed", detail: "no answer behind the thinking" };
      const { gold, choices } = question.columns as ChoiceColumns;
      const { outcome, detail, predicted } = verifyChoice(answer, gold, { choices });
      return {
        value: outcome === "correct" ? 1 : 0,
        outcome,
        detail,
        ...(predicted === null ? {} : { answer: predicted }),
      };
    },
  };
}

/** Letters vote; they are one where they are the same. */
export function choiceEvaluation(more: TaskEvaluation = {}): TaskEvaluation {
  return { sameAnswer: (first, second) => first === second, ...more };
}

export function demonstrateChoice({ gold, choices }: ChoiceColumns, options: PromptOptions): Demonstration {
  const other = choiceLetters[(choiceLetters.indexOf(gold) + 1) % choices.length] ?? "A";
  return {
    gold,
    right: completionWith(`\\boxed{${gold}}`, options),
    wrong: completionWith(`\\boxed{${other}}`, options),
  };
}

/** `A) first` a line. */
export const listedChoices = (choices: readonly string[], mark = ") "): string =>
  choices.map((choice, index) => `${choiceLetters[index]}${mark}${choice}`).join("\n");

/** The options of a list in one of these columns, or of the columns A, B, … Throws TaskDataError naming the row. */
export function choicesIn(row: DataRow, most: number, names = ["choices", "options"]): string[] {
  const { columns } = row;
  const column = names.find((name) => Array.isArray(columns[name]));
  const lettered = [...choiceLetters.slice(0, most)].flatMap((letter) => columns[letter] ?? []);
  const list: JsonValue = column === undefined ? lettered : (columns[column] ?? null);
  const texts = Array.isArray(list)
    ? list.flatMap((choice) =>
        typeof choice === "string" || typeof choice === "number" ? [String(choice)] : [],
      )
    : [];
  if (texts.length >= 2 && texts.length <= most) return texts;
  throw new TaskDataError(
    `${row.source}: expected 2 to ${most} options as a list of text in "${names.join('" or "')}", or in columns A, B, …, ` +
      `got ${shown(list)}. Rename the columns.`,
  );
}

/** The right option's letter, from a letter or an index. Throws TaskDataError naming the row. */
export function choiceGold(row: DataRow, answer: JsonValue | undefined, choices: number): string {
  const text = typeof answer === "string" ? answer.trim().toUpperCase() : answer;
  const index =
    typeof text === "string" && text.length === 1 && choiceLetters.includes(text)
      ? choiceLetters.indexOf(text)
      : typeof text === "string" && /^\d+$/.test(text)
        ? Number(text)
        : text;
  if (typeof index === "number" && Number.isInteger(index) && index >= 0 && index < choices) {
    return choiceLetters.charAt(index);
  }
  throw new TaskDataError(
    `${row.source}: expected the answer to be a letter or an index of the ${choices} options, got ${shown(answer ?? null)}. ` +
      "Correct the row.",
  );
}
