/** DROP as a task: questions on a passage that want counting, adding and comparing; scored by its F1. */
import { z } from "zod";
import type { DataRow } from "../../data/data-row.ts";
import { answerPart } from "../answer-part.ts";
import { dataOptions } from "../data-options.ts";
import { dataTask, type RowQuestion, shown, TaskDataError, textColumn } from "../data-task.ts";
import {
  completionWith,
  formatRewards,
  type PromptOptions,
  promptOf,
  promptOptions,
} from "../prompt-forms.ts";
import type { Columns, JsonValue, Judgement, Reward } from "../task.ts";
import { taskKind } from "../task-source.ts";
import { dropScore } from "./drop-score.ts";

const schema = z.strictObject({ ...dataOptions, ...promptOptions });

interface DropColumns extends Columns {
  /** By annotator; each answer is one or more spans. */
  readonly golds: string[][];
}

/**
 * Rows `{passage, question, answer, validated_answers}` with answers `{number, date, spans}` (EleutherAI/drop's too,
 * whose further answers are lists by field), or simple-evals' `{context, ref_text}`, alternatives apart by `|`.
 */
export const drop = taskKind({
  name: "drop",
  description: "Reading and reckoning on passages (DROP), scored by F1; hub: EleutherAI/drop",
  schema,
  load: (options) =>
    dataTask<DropColumns>({
      name: "drop",
      options,
      question: (row) => toQuestion(row, options),
      rewards: [scoreReward("f1", options), scoreReward("exact", options), ...formatRewards(options)],
      demonstrate: ({ golds }) => ({
        gold: golds.map((spans) => spans.join(", ")).join(" | "),
        right: golds[0]?.length === 1 ? completionWith(`Answer: ${golds[0][0]}`, options) : null,
        wrong: completionWith("Answer: xyzzy", options),
      }),
      heldOutOneIn: 1,
      evaluation: { headline: "f1", headlineName: "F1" },
    }),
});

function scoreReward(name: "f1" | "exact", options: PromptOptions): Reward {
  return {
    name,
    weight: name === "f1" ? 1 : 0,
    judge: ({ question, completion }): Judgement => {
      const answer = answerLine(answerPart(completion, options));
      if (answer === null) return { value: 0, outcome: "unparsed", detail: "no line Answer: …" };
      const { golds } = question.columns as DropColumns;
      const score = dropScore(answer, golds);
      const outcome = score.exact === 1 ? "correct" : "wrong";
      return { value: score[name], outcome, detail: `${shown(answer)}: F1 ${score.f1}`, answer };
    },
  };
}

/** What stands behind the last "Answer:"; within `<answer>` the whole, where there is no such line. */
function answerLine(text: string | null): string | null {
  if (text === null) return null;
  const mark = text.toLowerCase().lastIndexOf("answer:");
  const line =
    mark < 0
      ? text.includes("\n")
        ? ""
        : text
      : (text.slice(mark + "answer:".length).split("\n", 1)[0] ?? "");
  const bare = line.replace(/[*$]/g, "").trim();
  return bare === "" ? null : bare;
}

/** OpenAI simple-evals' words, without its examples. */
function toQuestion(row: DataRow, options: PromptOptions): RowQuestion<DropColumns> {
  const passage =
    typeof row.columns.context === "string"
      ? row.columns.context.trim()
      : `Passage: ${textColumn(row, ["passage"], "the passage").trim()}\nQuestion: ${textColumn(row, ["question"], "the question").trim()}`;
  return {
    text: passage,
    prompt: promptOf(
      "You will be asked to read a passage and answer a question.\n\n" +
        `${passage}\n\nThink step by step, then write a line of the form "Answer: $ANSWER" at the end of your response.`,
      options,
    ),
    columns: { ...row.columns, golds: goldsOf(row) },
  };
}

const answerObject = z.object({
  number: z.union([z.string(), z.number()]).nullish(),
  date: z
    .object({ day: z.string().nullish(), month: z.string().nullish(), year: z.string().nullish() })
    .nullish(),
  spans: z.array(z.string()).nullish(),
});
type Answer = z.output<typeof answerObject>;
const answersByField = z.object({
  number: z.array(answerObject.shape.number),
  date: z.array(answerObject.shape.date),
  spans: z.array(answerObject.shape.spans),
});

function goldsOf(row: DataRow): string[][] {
  const { ref_text: reference, answer, validated_answers: further = null } = row.columns;
  if (typeof reference === "string") {
    const golds = reference.split("|").flatMap((text) => (text.trim() === "" ? [] : [[text.trim()]]));
    if (golds.length > 0) return golds;
  }
  const first = answerObject.safeParse(answer);
  const golds = [...(first.success ? [first.data] : []), ...furtherAnswers(further)]
    .map(spansOf)
    .filter((spans) => spans.length > 0);
  if (golds.length > 0) return golds;
  throw new TaskDataError(
    `${row.source}: expected "answer" as {number, date, spans} or "ref_text" as text, got ${shown(answer ?? reference ?? null)}. ` +
      "Correct the row.",
  );
}

function furtherAnswers(value: JsonValue): Answer[] {
  const list = z.array(answerObject).safeParse(value);
  if (list.success) return list.data;
  const fields = answersByField.safeParse(value);
  if (!fields.success) return [];
  const { number, date, spans } = fields.data;
  return number.map((each, index) => ({ number: each, date: date[index], spans: spans[index] }));
}

/** A number, else the spans, else the date: as the published evaluation reads an answer. */
function spansOf({ number, date, spans }: Answer): string[] {
  if (number !== null && number !== undefined && String(number) !== "") return [String(number)];
  if (spans !== null && spans !== undefined && spans.length > 0) return spans;
  const text = [date?.day, date?.month, date?.year].filter((part) => (part ?? "") !== "").join(" ");
  return text === "" ? [] : [text];
}
