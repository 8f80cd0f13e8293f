/** What can be typed instead of a question. */
import type { ChatSettings } from "./chat-client.ts";

export const HELP = `
  /retry              answer the last question again
  /edit [text]        change the last question, and answer it
  /undo               take the last question and its answer back
  /system [text]      instructions for the model; without text: none
  /set name value     a setting, such as: temperature 0.6, top_p 0.95, max_tokens 2000,
                      thinking_budget 500, seed 1; without value: the server's own
  /thinking           show or hide the reasoning
  /history            the conversation so far
  /save file          write it as JSON
  /load file          go on with one that was written
  /clear              start anew
  /model [name]       the models, or another one
  /help               this
  /quit               end (or Ctrl-D)

  Ctrl-C stops an answer. A line that ends with \\ goes on in the next one.
`;

export type Command =
  | { readonly kind: "retry" | "undo" | "thinking" | "history" | "clear" | "help" | "quit" }
  | { readonly kind: "edit" | "system" | "save" | "load" | "model"; readonly text: string }
  | { readonly kind: "set"; readonly name: string; readonly value: string }
  | { readonly kind: "unknown"; readonly text: string };

const plain = ["retry", "undo", "thinking", "history", "clear", "help", "quit"] as const;
const withText = ["edit", "system", "save", "load", "model"] as const;

/** Null for a question; a line that begins with two slashes is one, too. */
export function parseCommand(line: string): Command | null {
  const match = /^\/([a-z]+)(?:\s+([\s\S]*))?$/.exec(line.trim());
  if (match === null) return null;
  const [, name = "", text = ""] = match;
  const bare = plain.find((one) => one === name);
  if (bare !== undefined) return { kind: bare };
  if (name === "exit") return { kind: "quit" };
  const texted = withText.find((one) => one === name);
  if (texted !== undefined) return { kind: texted, text: text.trim() };
  if (name !== "set") return { kind: "unknown", text: name };
  const [setting = "", ...value] = text.trim().split(/\s+/);
  return { kind: "set", name: setting, value: value.join(" ") };
}

/** The settings with one changed; an empty value removes it. Numbers and truths are taken as such. */
export function withSetting(settings: ChatSettings, name: string, value: string): ChatSettings {
  const { [name]: _, ...others } = settings;
  if (value === "") return others;
  const number = Number(value);
  const typed = value === "true" ? true : value === "false" ? false : Number.isNaN(number) ? value : number;
  return { ...others, [name]: typed };
}
