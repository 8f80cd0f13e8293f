/** From judged samples to the dataset's rows: kept ones by question, mixed-in rows, decontaminated and balanced. */
import { ContaminationIndex } from "@aha/verify";
import type { CurationCounts, DomainCount } from "../contracts/curation.ts";
import { readRows } from "../data/read-rows.ts";
import type { Tokenizer } from "../folder/tokenizer.ts";
import type { CurationRecipe } from "../recipe/curation-schema.ts";
import { deriveSeed, shuffled } from "../rollout/seeds.ts";
import type { JsonValue, Question, Task } from "../tasks/task.ts";
import { keepSample, type OnVerdict } from "./keep-sample.ts";
import type { QuestionSamples } from "./samples-file.ts";

/** A row of the dataset. */
export interface CuratedRow {
  readonly prompt: JsonValue;
  readonly completion: JsonValue;
  readonly domain: string;
  /** The question it answers; null for mixed-in rows. */
  readonly question: string | null;
}

export interface CuratedDataset {
  readonly rows: readonly CuratedRow[];
  readonly counts: CurationCounts;
}

/** Counts by reason. */
class Drops {
  readonly counts = new Map<string, number>();
  add(reason: string, count = 1): void {
    if (count > 0) this.counts.set(reason, (this.counts.get(reason) ?? 0) + count);
  }
}

/** Deterministic in the recipe and the samples. `tokenizer` counts the tokens of completions for the card. */
export async function assembleDataset(
  recipe: CurationRecipe,
  task: Task,
  samples: readonly QuestionSamples[],
  tokenizer: Tokenizer,
  onVerdict: OnVerdict,
): Promise<CuratedDataset> {
  const drops = new Drops();
  const questions = new Map(task.train.map((question) => [question.id, question]));
  const reasoning: CuratedRow[] = [];
  let questionsKept = 0;
  for (const { question: id, samples: drawn } of samples) {
    const question = questions.get(id);
    if (question === undefined) continue; // of an earlier version of the task: the run refuses to resume then
    const rows = await rowsOfQuestion(question, drawn, recipe, task, drops, onVerdict);
    if (rows.length > 0) questionsKept++;
    reasoning.push(...rows);
  }
  const mixed = await mixedRows(recipe, drops);
  const clean = await decontaminated([...reasoning, ...mixed], recipe, task, drops);
  const rows = shuffled(balanced(clean, recipe, drops), deriveSeed(recipe.seed, "order"));
  const counts: CurationCounts = {
    questions: samples.length,
    samplesDrawn: samples.reduce((sum, { samples: drawn }) => sum + drawn.length, 0),
    questionsKept,
    ...countDomains(rows, tokenizer),
    dropped: Object.fromEntries(drops.counts),
  };
  return { rows, counts };
}

async function rowsOfQuestion(
  question: Question,
  drawn: QuestionSamples["samples"],
  recipe: CurationRecipe,
  task: Task,
  drops: Drops,
  onVerdict: OnVerdict,
): Promise<CuratedRow[]> {
  const most = recipe.keep.perQuestion;
  const kept: CuratedRow[] = [];
  const seen = new Set<string>();
  for (const sample of drawn) {
    if (most > 0 && kept.length === most) {
      drops.add("surplus");
      continue;
    }
    const result = await keepSample(question, sample, recipe, onVerdict);
    if ("dropped" in result) drops.add(result.dropped);
    else if (seen.has(result.completion)) drops.add("duplicate");
    else {
      seen.add(result.completion);
      kept.push(toRow(question, result.completion, recipe, task));
    }
  }
  return kept;
}

function toRow(question: Question, completion: string, recipe: CurationRecipe, task: Task): CuratedRow {
  const { kind } = question.columns;
  const domain = recipe.domain?.(question) ?? (typeof kind === "string" ? kind : task.name);
  const chat = typeof question.prompt !== "string";
  return {
    prompt: chat ? question.prompt.map(({ role, content }) => ({ role, content })) : question.prompt,
    completion: chat ? [{ role: "assistant", content: completion }] : completion,
    domain,
    question: question.id,
  };
}

async function mixedRows(recipe: CurationRecipe, drops: Drops): Promise<CuratedRow[]> {
  const rows: CuratedRow[] = [];
  for (const { data, domain, most } of recipe.mixIn) {
    let taken = 0;
    const take = (columns: Readonly<Record<string, JsonValue>>): void => {
      if (most > 0 && taken === most) return;
      const { prompt, completion } = columns;
      if (prompt === undefined || completion === undefined)
        drops.add("mixed-in-without-prompt-or-completion");
      else {
        rows.push({ prompt, completion, domain, question: null });
        taken++;
      }
    };
    if (typeof data !== "string") for (const row of data.rows) take(row);
    else for await (const { columns } of readRows(data)) take(columns);
  }
  return rows;
}

/** Drops what shares a run of words with an evaluation item; mixed-in rows too. */
async function decontaminated(
  rows: readonly CuratedRow[],
  { decontaminate }: CurationRecipe,
  task: Task,
  drops: Drops,
): Promise<CuratedRow[]> {
  const items: { set: string; id: string; text: string }[] = [];
  if (decontaminate.heldOut) {
    for (const { id, prompt } of task.heldOut) items.push({ set: "held-out", id, text: textOf(prompt) });
  }
  for (const set of decontaminate.against) {
    for await (const { columns, source } of readRows(set, { split: "test" })) {
      items.push({ set, id: source, text: textOf(columns) });
    }
  }
  if (items.length === 0) return [...rows];
  const index = new ContaminationIndex(items, decontaminate.words);
  return rows.filter((row) => {
    const clean = index.matches(`${textOf(row.prompt)}\n${textOf(row.completion)}`).length === 0;
    if (!clean) drops.add("contaminated");
    return clean;
  });
}

function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value !== "object" || value === null) return "";
  return Object.values(value).map(textOf).join("\n");
}

function balanced(rows: readonly CuratedRow[], recipe: CurationRecipe, drops: Drops): CuratedRow[] {
  const most = recipe.balance.mostPerDomain;
  if (most === 0) return [...rows];
  const domains = new Map<string, CuratedRow[]>();
  for (const row of rows) domains.set(row.domain, [...(domains.get(row.domain) ?? []), row]);
  return [...domains].flatMap(([domain, all]) => {
    drops.add("over-the-domain's-share", all.length - most);
    return shuffled(all, deriveSeed(recipe.seed, "balance", domain)).slice(0, most);
  });
}

function countDomains(
  rows: readonly CuratedRow[],
  tokenizer: Tokenizer,
): { domains: Record<string, DomainCount>; total: DomainCount } {
  const sums = new Map<string, { samples: number; tokens: number }>();
  let all = 0;
  for (const { domain, completion } of rows) {
    const tokens = tokenizer.encode(textOf(completion), { addSpecialTokens: false }).length;
    const sum = sums.get(domain) ?? { samples: 0, tokens: 0 };
    sums.set(domain, { samples: sum.samples + 1, tokens: sum.tokens + tokens });
    all += tokens;
  }
  const domains = [...sums]
    .sort()
    .map(([domain, { samples, tokens }]) => [domain, { samples, meanTokens: tokens / samples }]);
  const total = { samples: rows.length, meanTokens: rows.length === 0 ? 0 : all / rows.length };
  return { domains: Object.fromEntries(domains), total };
}
