/** What a row means for training, by the columns TRL reads: kinds of examples, standard or conversational. */

import type { JsonValue } from "@aha/verify";
import type { ChatMessage } from "../folder/chat-template.ts";
import { DataError } from "./data-error.ts";
import { type DataRow, isColumns } from "./data-row.ts";

/** Text as it is (standard), or turns of a conversation that a chat template will render (conversational). */
export type TextOrMessages = string | readonly ChatMessage[];

interface Example {
  /** Tools the conversation may call, as JSON schemas; `null` where the row names none. */
  readonly tools: readonly JsonValue[] | null;
}

/** `text` or `messages`. */
export interface LanguageModellingExample extends Example {
  readonly kind: "language-modelling";
  readonly content: TextOrMessages;
}

/** `prompt`, for reinforcement learning; all columns go to the rewards. */
export interface PromptExample extends Example {
  readonly kind: "prompt";
  readonly prompt: TextOrMessages;
  readonly columns: Readonly<Record<string, JsonValue>>;
}

/** `prompt` and `completion`, for supervised fine-tuning. */
export interface SupervisedExample extends Example {
  readonly kind: "supervised";
  readonly prompt: TextOrMessages;
  readonly completion: TextOrMessages;
}

/** `chosen` and `rejected`; `prompt` is `null` where it is part of both. */
export interface PreferenceExample extends Example {
  readonly kind: "preference";
  readonly prompt: TextOrMessages | null;
  readonly chosen: TextOrMessages;
  readonly rejected: TextOrMessages;
}

/** `prompt`, `completion` and whether it is a good one. */
export interface UnpairedExample extends Example {
  readonly kind: "unpaired";
  readonly prompt: TextOrMessages;
  readonly completion: TextOrMessages;
  readonly label: boolean;
}

/** Each kind's example, by the kind's name. */
export interface ExampleByKind {
  readonly "language-modelling": LanguageModellingExample;
  readonly prompt: PromptExample;
  readonly supervised: SupervisedExample;
  readonly preference: PreferenceExample;
  readonly unpaired: UnpairedExample;
}

export type DatasetKind = keyof ExampleByKind;

/** The kind that a row's columns speak for; the most telling columns decide. Throws `DataError` where none fits. */
export function recogniseKind(row: DataRow): DatasetKind {
  const has = (...names: string[]) => names.every((name) => isPresent(row.columns[name]));
  if (has("chosen", "rejected")) return "preference";
  if (has("prompt", "completion", "label")) return "unpaired";
  if (has("prompt", "completion")) return "supervised";
  if (has("messages") || has("text")) return "language-modelling";
  if (has("prompt")) return "prompt";
  throw new DataError({
    source: row.source,
    expected: "columns text, messages, prompt, prompt + completion (+ label), or chosen + rejected",
    got: `columns ${Object.keys(row.columns).join(", ") || "none"}`,
    remedy: "Rename the columns.",
  });
}

const readers: { readonly [Kind in DatasetKind]: (row: DataRow) => ExampleByKind[Kind] } = {
  "language-modelling": (row) => {
    const name = isPresent(row.columns.messages) ? "messages" : "text";
    return { kind: "language-modelling", content: readText(row, name), tools: readTools(row) };
  },
  prompt: (row) => ({
    kind: "prompt",
    prompt: readText(row, "prompt"),
    columns: row.columns,
    tools: readTools(row),
  }),
  supervised: (row) => {
    const prompt = readText(row, "prompt");
    const completion = readText(row, "completion");
    checkSameForm(row, { prompt, completion });
    return { kind: "supervised", prompt, completion, tools: readTools(row) };
  },
  preference: (row) => {
    const prompt = isPresent(row.columns.prompt) ? readText(row, "prompt") : null;
    const chosen = readText(row, "chosen");
    const rejected = readText(row, "rejected");
    checkSameForm(row, { ...(prompt === null ? {} : { prompt }), chosen, rejected });
    return { kind: "preference", prompt, chosen, rejected, tools: readTools(row) };
  },
  unpaired: (row) => {
    const prompt = readText(row, "prompt");
    const completion = readText(row, "completion");
    checkSameForm(row, { prompt, completion });
    const { label } = row.columns;
    if (typeof label !== "boolean") throw wrongColumn(row, "label", "true or false");
    return { kind: "unpaired", prompt, completion, label, tools: readTools(row) };
  },
};

/** Reads a row as `kind`. Throws `DataError` naming the column that is missing or of another form. */
export function readExample<Kind extends DatasetKind>(row: DataRow, kind: Kind): ExampleByKind[Kind] {
  return readers[kind](row);
}

function readText(row: DataRow, name: string): TextOrMessages {
  const value = row.columns[name];
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return value.map((turn, index) => readMessage(row, turn, `${name}[${index}]`));
  throw wrongColumn(row, name, "a string or a list of {role, content}");
}

function readMessage(row: DataRow, turn: JsonValue, name: string): ChatMessage {
  const expected = "a turn {role, content} with a string as role and a string (or null) as content";
  if (!isColumns(turn)) throw wrongValue(row, name, expected, turn);
  const { role, content = null } = turn;
  if (typeof role !== "string" || (content !== null && typeof content !== "string")) {
    throw wrongValue(row, name, expected, turn);
  }
  return { ...turn, role, content };
}

/** `tools` is a list of JSON schemas, or, as some datasets keep it, that list as a string. */
function readTools(row: DataRow): readonly JsonValue[] | null {
  const { tools } = row.columns;
  if (!isPresent(tools)) return null;
  if (Array.isArray(tools)) return tools;
  try {
    const parsed: JsonValue = typeof tools === "string" ? JSON.parse(tools) : tools;
    if (Array.isArray(parsed)) return parsed;
  } catch {
    // Not JSON: the same message as for any other value.
  }
  throw wrongColumn(row, "tools", "a list of JSON schemas");
}

/** Text and conversations cannot be joined to one another. */
function checkSameForm(row: DataRow, parts: Readonly<Record<string, TextOrMessages>>): void {
  const forms = Object.entries(parts).map(([name, part]) => [
    name,
    typeof part === "string" ? "text" : "messages",
  ]);
  if (new Set(forms.map(([, form]) => form)).size === 1) return;
  throw new DataError({
    source: row.source,
    expected: `${Object.keys(parts).join(" and ")} in one form`,
    got: forms.map(([name, form]) => `${name} as ${form}`).join(", "),
    remedy: "Give all of them as text, or all as lists of {role, content}.",
  });
}

function isPresent(value: JsonValue | undefined): value is Exclude<JsonValue, null> {
  return value !== undefined && value !== null;
}

function wrongColumn(row: DataRow, name: string, expected: string): DataError {
  const value = row.columns[name];
  if (isPresent(value)) return wrongValue(row, name, expected, value);
  return new DataError({
    source: row.source,
    expected: `a column "${name}" (${expected})`,
    got: `columns ${Object.keys(row.columns).join(", ") || "none"}`,
    remedy: "Add or rename the column.",
  });
}

function wrongValue(row: DataRow, name: string, expected: string, value: JsonValue): DataError {
  return new DataError({
    source: row.source,
    expected: `"${name}" to be ${expected}`,
    got: JSON.stringify(value).slice(0, 80),
    remedy: "Correct the column.",
  });
}
