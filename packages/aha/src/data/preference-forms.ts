/** Preference rows in the forms in which well-known sets are published, as `prompt`, `chosen` and `rejected` of messages. */
import type { JsonValue } from "@aha/verify";
import { DataError } from "./data-error.ts";
import { type DataRow, isColumns } from "./data-row.ts";

type Turn = { readonly role: string; readonly content: string };

/**
 * Rows of three published forms are rewritten, all others are given back as they are:
 * HH-RLHF (`chosen`, `rejected`: dialogues "\n\nHuman: … \n\nAssistant: …"), ShareGPT pairs (`conversations` with `chosen` and
 * `rejected` turns of {from, value}), and LLMBar (`input`, `output_1`, `output_2`, `label` of the better one).
 */
export function preferenceRow(row: DataRow): DataRow {
  const columns = dialogueColumns(row) ?? shareGptColumns(row) ?? numberedColumns(row);
  return columns === null ? row : { source: row.source, columns };
}

const turnsAsJson = (turns: readonly Turn[]): JsonValue => turns.map((turn) => ({ ...turn }));

const DIALOGUE = /^\s*Human: /;

/** HH-RLHF (Bai et al. 2022). The two dialogues differ in their last turn. */
function dialogueColumns({ columns }: DataRow): DataRow["columns"] | null {
  const { chosen, rejected } = columns;
  if (typeof chosen !== "string" || typeof rejected !== "string" || columns.prompt !== undefined) return null;
  if (!DIALOGUE.test(chosen) || !DIALOGUE.test(rejected)) return null;
  return { chosen: turnsAsJson(dialogueTurns(chosen)), rejected: turnsAsJson(dialogueTurns(rejected)) };
}

function dialogueTurns(text: string): Turn[] {
  const parts = `\n\n${text.trimStart()}`.split(/\n\n(Human|Assistant):/);
  const turns: Turn[] = [];
  for (let index = 1; index < parts.length; index += 2) {
    const role = parts[index] === "Human" ? "user" : "assistant";
    turns.push({ role, content: (parts[index + 1] ?? "").trim() });
  }
  return turns;
}

const shareGptRoles: Readonly<Record<string, string>> = {
  human: "user",
  user: "user",
  gpt: "assistant",
  assistant: "assistant",
  system: "system",
};

function shareGptColumns({ columns, source }: DataRow): DataRow["columns"] | null {
  const { conversations, chosen, rejected } = columns;
  if (!Array.isArray(conversations) || !isColumns(chosen) || !isColumns(rejected)) return null;
  const turn = (value: JsonValue): Turn => {
    const from = isColumns(value) ? value.from : undefined;
    const content = isColumns(value) ? value.value : undefined;
    const role = typeof from === "string" ? shareGptRoles[from] : undefined;
    if (role !== undefined && typeof content === "string") return { role, content };
    throw new DataError({
      source,
      expected: "turns {from, value} by human, gpt or system",
      got: JSON.stringify(value)?.slice(0, 80) ?? "nothing",
      remedy: "Correct the row, or rewrite the set with prompt, chosen and rejected.",
    });
  };
  return {
    prompt: turnsAsJson(conversations.map(turn)),
    chosen: turnsAsJson([turn(chosen)]),
    rejected: turnsAsJson([turn(rejected)]),
  };
}

/** LLMBar (Zeng et al. 2023). */
function numberedColumns({ columns }: DataRow): DataRow["columns"] | null {
  const { input, output_1: first, output_2: second, label } = columns;
  if (typeof input !== "string" || typeof first !== "string" || typeof second !== "string") return null;
  if (label !== 1 && label !== 2) return null;
  const [better, worse] = label === 1 ? [first, second] : [second, first];
  const said = (content: string): JsonValue => turnsAsJson([{ role: "assistant", content }]);
  return {
    prompt: turnsAsJson([{ role: "user", content: input }]),
    chosen: said(better),
    rejected: said(worse),
  };
}
