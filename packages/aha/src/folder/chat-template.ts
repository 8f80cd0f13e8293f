/** A model's chat template: found where Hugging Face keeps it, rendered as transformers renders it. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Template } from "@huggingface/jinja";
import type { JsonValue } from "../tasks/task.ts";
import { ModelFolderError } from "./errors.ts";

/** A turn as templates take it: beyond role and content, `reasoning_content`, `tool_calls` and the like. */
export interface ChatMessage {
  readonly role: string;
  readonly content: string | null;
  readonly [field: string]: JsonValue | undefined;
}

/** What a rendering can be told. */
export interface ChatTemplateOptions {
  /** Ends the text where the assistant is to begin; off by default, as in transformers. */
  readonly addGenerationPrompt?: boolean;
  readonly tools?: readonly JsonValue[];
  /** Which of several named templates; by default `tool_use` where tools are given and it exists. */
  readonly template?: string;
  /** Further variables of the template, such as `enable_thinking`. */
  readonly variables?: Readonly<Record<string, JsonValue>>;
}

/** Renders a conversation into text. */
export type ChatTemplate = (messages: readonly ChatMessage[], options?: ChatTemplateOptions) => string;

/**
 * The folder's templates by name: `chat_template.jinja` (and `additional_chat_templates/*.jinja`) beat
 * the one in `tokenizer_config.json`, which is a string or a list of `{name, template}`.
 */
export function readChatTemplates(folder: string, inline: unknown): Map<string, string> {
  const templates = new Map<string, string>();
  if (typeof inline === "string") templates.set("default", inline);
  if (Array.isArray(inline)) {
    for (const item of inline) {
      if (isRecord(item) && typeof item.name === "string" && typeof item.template === "string") {
        templates.set(item.name, item.template);
      }
    }
  }
  const file = join(folder, "chat_template.jinja");
  if (existsSync(file)) templates.set("default", readFileSync(file, "utf8"));
  const further = join(folder, "additional_chat_templates");
  if (existsSync(further)) {
    for (const name of readdirSync(further).filter((entry) => entry.endsWith(".jinja"))) {
      templates.set(name.slice(0, -".jinja".length), readFileSync(join(further, name), "utf8"));
    }
  }
  return templates;
}

/** A renderer over named templates, or `null` where there are none. `tokens` are the variables such as `bos_token`. */
export function createChatTemplate(
  folder: string,
  templates: ReadonlyMap<string, string>,
  tokens: Readonly<Record<string, string>>,
): ChatTemplate | null {
  if (templates.size === 0) return null;
  const compiled = new Map<string, Template>();
  return (messages, options = {}) => {
    const name = options.template ?? (options.tools && templates.has("tool_use") ? "tool_use" : "default");
    const source = templates.get(name);
    if (source === undefined) {
      throw new ModelFolderError({
        file: folder,
        message: `expected a chat template named "${name}", found ${[...templates.keys()].join(", ")}`,
        remedy: "Choose one of these",
      });
    }
    try {
      const template = compiled.get(name) ?? new Template(source);
      compiled.set(name, template);
      return template.render({
        ...tokens,
        ...options.variables,
        messages,
        tools: options.tools ?? null,
        add_generation_prompt: options.addGenerationPrompt ?? false,
      });
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new ModelFolderError(
        {
          file: folder,
          message: `the chat template "${name}" refused the conversation: ${reason}`,
          remedy: "Check the messages' roles and contents against the template",
        },
        { cause },
      );
    }
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
