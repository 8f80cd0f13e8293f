/** HumanEval as a task: a function's signature and docstring to complete, judged by its test code. */

import type { ProgramLanguage, ProgramTest } from "@aha/verify";
import { z } from "zod";
import type { DataRow } from "../data/data-row.ts";
import { dataOptions } from "./data-options.ts";
import { dataTask, type RowQuestion, shown, TaskDataError, textColumn } from "./data-task.ts";
import { fenceTag, inFence } from "./extract-program.ts";
import { limitOptions, programReward } from "./program-reward.ts";
import {
  completionWith,
  formatRewards,
  type PromptOptions,
  promptOf,
  promptOptions,
} from "./prompt-forms.ts";
import type { Columns, Demonstration } from "./task.ts";
import { taskKind } from "./task-source.ts";

const schema = z.strictObject({ ...dataOptions, ...promptOptions, ...limitOptions });

/**
 * Rows `{task_id, prompt, entry_point, canonical_solution, test}`; or MultiPL-E's `{name, language, prompt, tests}`, for
 * TypeScript and JavaScript. With `prompt: "plain"` the completion continues the function, as base models are measured.
 */
export const humaneval = taskKind({
  name: "humaneval",
  description:
    "Functions to complete (HumanEval; MultiPL-E's for TypeScript) in a sandbox; hub: openai/openai_humaneval",
  schema,
  load: (options) =>
    dataTask<Columns>({
      name: "humaneval",
      options,
      question: (row) => toQuestion(row, options),
      rewards: [
        programReward({
          options,
          language: languageOf,
          tests: testsOf,
          entryPoints: ({ entry_point }) => (typeof entry_point === "string" ? [entry_point] : []),
          continues: options.prompt === "plain",
          complete: options.prompt === "plain" ? continued : withPreamble,
        }),
        ...formatRewards(options),
      ],
      demonstrate: (columns) => demonstrate(columns, options),
      heldOutOneIn: 1,
    }),
});

function toQuestion(row: DataRow, options: PromptOptions): RowQuestion<Columns> {
  const prompt = textColumn(row, ["prompt"], "the function's head");
  textColumn(row, ["test", "tests"], "the test code");
  if (isPython(row.columns)) textColumn(row, ["entry_point"], "the function's name");
  const language = languageOf(row.columns, row.source);
  const tag = fenceTag(language);
  const asked =
    `Complete the following function. Give the whole function, with the imports it needs, in one \`\`\`${tag} code ` +
    `block.\n\n\`\`\`${tag}\n${prompt.trimEnd()}\n\`\`\``;
  return {
    text: prompt,
    prompt: options.prompt === "plain" ? prompt : promptOf(asked, options),
    columns: row.columns,
  };
}

function demonstrate(columns: Columns, options: PromptOptions): Demonstration {
  const language = languageOf(columns);
  const body = columns.canonical_solution;
  const gold = typeof body === "string" ? body : null;
  const wrong = language === "python" ? "    pass\n" : "}\n";
  const shown = (code: string): string =>
    options.prompt === "plain"
      ? code
      : completionWith(inFence(`${text(columns.prompt)}${code}`, language), options);
  return { gold, right: gold === null ? null : shown(gold), wrong: shown(wrong) };
}

const isPython = (columns: Columns): boolean => columns.language === undefined || columns.language === "py";

const languages: Readonly<Record<string, ProgramLanguage>> = {
  py: "python",
  python: "python",
  js: "javascript",
  javascript: "javascript",
  ts: "typescript",
  typescript: "typescript",
};

function languageOf({ language = "py" }: Columns, place = "a question"): ProgramLanguage {
  const found = typeof language === "string" ? languages[language] : undefined;
  if (found !== undefined) return found;
  throw new TaskDataError(
    `${place}: expected a language of ${Object.keys(languages).join(", ")}, got ${shown(language)}. Leave the row out.`,
  );
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");

/** Python's test code defines `check(candidate)`; MultiPL-E's calls itself. */
function testsOf(columns: Columns): ProgramTest[] {
  const test = text(columns.test ?? columns.tests);
  const code = isPython(columns) ? `${test}\n\ncheck(${text(columns.entry_point)})\n` : test;
  return [{ kind: "assertions", code }];
}

/** What stands before the function in the prompt (imports, helpers) is there even if the answer left it out. */
function withPreamble(columns: Columns, code: string): string {
  if (!isPython(columns)) return code;
  const at = text(columns.prompt).indexOf(`def ${text(columns.entry_point)}(`);
  return at <= 0 ? code : `${text(columns.prompt).slice(0, at)}\n${code}`;
}

/** Where a base model goes on to the next thing. */
const stops = ["\nclass ", "\ndef ", "\n#", "\nif __name__", "\nprint(", "\n```", "\nassert "];
const scriptStops = ["\nfunction ", "\n/*", "\n//", "\nclass ", "\nconsole.", "\n```"];

/** The prompt and the completion up to where the function ends. */
function continued(columns: Columns, completion: string): string {
  const ends = (isPython(columns) ? stops : scriptStops)
    .map((stop) => completion.indexOf(stop))
    .filter((index) => index >= 0);
  return text(columns.prompt) + completion.slice(0, Math.min(completion.length, ...ends));
}
