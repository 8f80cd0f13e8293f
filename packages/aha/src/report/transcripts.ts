/** The same held-out questions answered before and after training, side by side. */

import type { RunData } from "../run/run-directory.ts";
import type { RolloutRecord } from "../run/run-records.ts";
import type { Outcome } from "../tasks/task.ts";
import { escapeText } from "./escape.ts";
import { reflectiveWords } from "./run-charts.ts";

/** A question's answer at both ends of the run. */
export interface TranscriptPair {
  readonly before: RolloutRecord;
  readonly after: RolloutRecord;
}

/** Pairs the first sample of each question in the order they were asked: none is picked for its looks. */
export function transcriptPairs(run: RunData, limit: number): TranscriptPair[] {
  const key = ({ question, sample }: RolloutRecord) => `${sample} ${question}`;
  const after = new Map(run.after.map((record) => [key(record), record]));
  return run.before
    .filter(({ sample }) => sample === 0)
    .flatMap((record) => {
      const partner = after.get(key(record));
      return partner === undefined ? [] : [{ before: record, after: partner }];
    })
    .slice(0, limit);
}

/** The verifier's verdict on a completion; undefined where no reward gave one. */
export function outcomeOf({ breakdown }: RolloutRecord): Outcome | undefined {
  return Object.values(breakdown).find(({ outcome }) => outcome !== undefined)?.outcome;
}

/** Escaped text with the reflective words marked. */
export function markWords(text: string, words: readonly string[]): string {
  const safe = escapeText(text);
  if (words.length === 0) return safe;
  const pattern = new RegExp(`\\b(?:${words.map((word) => word.replace(/\W/g, "\\$&")).join("|")})\\b`, "gi");
  return safe.replace(pattern, (word) => `<mark>${word}</mark>`);
}

/** The section of the page; empty where the run kept no transcripts. */
export function transcriptsHtml(run: RunData, limit = 40): string {
  const pairs = transcriptPairs(run, limit);
  if (pairs.length === 0) return "";
  const words = reflectiveWords([run]);
  const items = pairs.map(({ before, after }) => {
    const kind = [before, after]
      .map((record) => (outcomeOf(record) === "correct" ? "right" : "wrong"))
      .join("-");
    return (
      `<article class="pair ${kind}"><pre class="prompt">${escapeText(before.prompt)}</pre>` +
      `<div class="two">${sideHtml("Before", before, words)}${sideHtml("After", after, words)}</div></article>`
    );
  });
  const buttons = [
    ["all", `all ${pairs.length}`],
    ["wrong-right", "newly right"],
    ["right-wrong", "newly wrong"],
    ["wrong-wrong", "still wrong"],
  ].map(([kind, label], index) => {
    return `<button type="button" data-kind="${kind}" aria-pressed="${index === 0}">${label}</button>`;
  });
  return (
    `<section id="transcripts"><h2>The same questions, before and after</h2><p class="soft">The first held-out ` +
    `questions in their order, one sample each; none was picked. Reflective words are marked.</p>` +
    `<div class="filters">${buttons.join("")}</div>${items.join("\n")}</section>`
  );
}

function sideHtml(title: string, record: RolloutRecord, words: readonly string[]): string {
  const outcome = outcomeOf(record) ?? "no verdict";
  const details = Object.entries(record.breakdown).map(([name, { value, detail }]) => {
    const why = detail === undefined ? "" : ` (${detail})`;
    return `${name} ${value ?? "–"}${why}`;
  });
  const cut = record.finish === "length" ? " · cut off" : "";
  const tone = outcome === "correct" ? "good" : "bad";
  return (
    `<div class="side"><div class="verdict"><b>${title}</b> <span class="${tone}">${escapeText(outcome)}</span>` +
    `<span class="soft"> · ${record.tokenIds.length} tokens${cut}</span></div>` +
    `<pre>${markWords(record.completion, words)}</pre>` +
    `<div class="soft small">${escapeText(details.join(" · "))}</div></div>`
  );
}
