/** Checks the shape of a completion: one thought, then one answer (or a summary), and nothing else; says what failed. */
import type { ThinkingOptions } from "./tagged-answer.ts";

/**
 * `think-answer`: exactly one `<think>…</think>`, then one `<answer>…</answer>` (R1-Zero's template, R1 paper §2).
 * `think-summary`: the form DeepSeek serves: exactly one `<think>…</think>`, then the summary as plain text.
 */
export type CompletionForm = "think-answer" | "think-summary";

export type FormatRule =
  /** A tag of the form is not there. */
  | "missing-tag"
  /** A tag of the form is there more than once. */
  | "repeated-tag"
  /** An `<answer>` tag where the summary is plain text. */
  | "unexpected-tag"
  /** Every tag is there once, but not in the form's order. */
  | "tag-order"
  /** `<Think>`, `< answer >`, `<think/>`: neither a tag nor plain text. */
  | "look-alike-tag"
  | "text-before-thinking"
  | "text-between"
  | "text-after-answer"
  | "blank-thinking"
  | "blank-answer"
  | "blank-summary";

export interface FormatProblem {
  readonly rule: FormatRule;
  /** One line for a human. */
  readonly detail: string;
}

export interface FormatOptions extends ThinkingOptions {
  /** Which form is wanted; default `think-answer`. */
  readonly form?: CompletionForm;
  /** Accepts a blank thought, as DeepSeek's template writes one to answer without thinking; default false. */
  readonly allowBlankThinking?: boolean;
}

export interface FormatCheck {
  readonly ok: boolean;
  /** The form that was asked for. */
  readonly form: CompletionForm;
  /** Empty exactly where `ok`; what the text between the tags lacks is told once the tags are right. */
  readonly problems: readonly FormatProblem[];
}

interface Tag {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const tagsOf: Readonly<Record<CompletionForm, readonly string[]>> = {
  "think-answer": ["<think>", "</think>", "<answer>", "</answer>"],
  "think-summary": ["<think>", "</think>"],
};
const tagPattern = /<\/?(?:think|answer)>/g;
const lookAlikePattern = /[<＜][\s/]{0,4}(?:think|answer)[\s/]{0,4}[>＞]/gi;
/** White space, controls and characters that draw nothing are no content. */
const visible = /[^\s\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]/u;
const exactTag = /^<\/?(?:think|answer)>$/;

/** Checks one completion. Linear in the text; at most one problem for each rule and tag. */
export function checkFormat(completion: string, options: FormatOptions = {}): FormatCheck {
  const form = options.form ?? "think-answer";
  const tags = readTags(completion, options.promptOpensThinking ?? false);
  let problems = [...tagProblems(tags, form, options), ...lookAlikes(completion)];
  if (problems.length === 0) problems = textProblems(completion, [...tags.first.values()], form, options);
  return { ok: problems.length === 0, form, problems };
}

/** `checkFormat` as a yes or no. */
export function isWellFormed(completion: string, options: FormatOptions = {}): boolean {
  return checkFormat(completion, options).ok;
}

/** The first of each kind of tag, in the order of the text, and how often each kind occurs. */
interface TagCensus {
  readonly first: ReadonlyMap<string, Tag>;
  readonly counts: ReadonlyMap<string, number>;
}

/** A `<think>` that the prompt has written counts as a tag before the text. */
function readTags(completion: string, promptOpensThinking: boolean): TagCensus {
  const first = new Map<string, Tag>();
  const counts = new Map<string, number>();
  const add = (tag: Tag): void => {
    if (!first.has(tag.text)) first.set(tag.text, tag);
    counts.set(tag.text, (counts.get(tag.text) ?? 0) + 1);
  };
  if (promptOpensThinking) add({ text: "<think>", start: 0, end: 0 });
  for (const match of completion.matchAll(tagPattern)) {
    add({ text: match[0], start: match.index, end: match.index + match[0].length });
  }
  return { first, counts };
}

function tagProblems(tags: TagCensus, form: CompletionForm, options: FormatOptions): FormatProblem[] {
  const expected = tagsOf[form];
  const problems: FormatProblem[] = [];
  for (const tag of expected) {
    const count = tags.counts.get(tag) ?? 0;
    if (count === 0) problems.push({ rule: "missing-tag", detail: `no ${tag}` });
    if (count > 1) {
      const opened = tag === "<think>" && options.promptOpensThinking;
      const where = opened ? ", the prompt's own counted" : "";
      problems.push({ rule: "repeated-tag", detail: `${count} times ${tag} instead of once${where}` });
    }
  }
  for (const [tag, count] of tags.counts) {
    if (!expected.includes(tag)) {
      problems.push({
        rule: "unexpected-tag",
        detail: `${count} times ${tag} where the summary is plain text`,
      });
    }
  }
  const order = [...tags.first.keys()].join("");
  if (problems.length === 0 && order !== expected.join("")) {
    problems.push({ rule: "tag-order", detail: `${order} instead of ${expected.join("")}` });
  }
  return problems;
}

function lookAlikes(completion: string): FormatProblem[] {
  for (const [text] of completion.matchAll(lookAlikePattern)) {
    if (!exactTag.test(text)) {
      return [{ rule: "look-alike-tag", detail: `${JSON.stringify(text)} is neither a tag nor plain text` }];
    }
  }
  return [];
}

/** The tags are the form's, once each and in order: what is between them? */
function textProblems(
  completion: string,
  tags: readonly Tag[],
  form: CompletionForm,
  options: FormatOptions,
): FormatProblem[] {
  const problems: FormatProblem[] = [];
  const [thinkOpen, thinkClose, answerOpen, answerClose] = tags;
  const isEmpty = (from: number, to: number): boolean => completion.slice(from, to).trim() === "";
  const isBlank = (from: number, to: number): boolean => !visible.test(completion.slice(from, to));
  const refuse = (rule: FormatRule, detail: string): void => void problems.push({ rule, detail });
  if (thinkOpen === undefined || thinkClose === undefined) return problems;
  if (!isEmpty(0, thinkOpen.start)) refuse("text-before-thinking", "text before <think>");
  if (!options.allowBlankThinking && isBlank(thinkOpen.end, thinkClose.start)) {
    refuse("blank-thinking", "nothing between <think> and </think>");
  }
  if (form === "think-summary") {
    if (isBlank(thinkClose.end, completion.length)) refuse("blank-summary", "nothing after </think>");
    return problems;
  }
  if (answerOpen === undefined || answerClose === undefined) return problems;
  if (!isEmpty(thinkClose.end, answerOpen.start)) {
    refuse("text-between", "text between </think> and <answer>");
  }
  if (isBlank(answerOpen.end, answerClose.start)) {
    refuse("blank-answer", "nothing between <answer> and </answer>");
  }
  if (!isEmpty(answerClose.end, completion.length)) refuse("text-after-answer", "text after </answer>");
  return problems;
}
