/** An analysis as tables: the run's course, what was hard and what was easy, voting, and the take-off. */
import type { ShotsRow } from "../contracts/shots.ts";
import type { TextTable } from "../cost/text-table.ts";
import type { RunAnalysis, RunPart } from "./analyze-run.ts";
import { type DifficultyRow, passRateLabels } from "./difficulty.ts";
import type { StepStatistics } from "./step-statistics.ts";

const percent = (share: number | null): string => (share === null ? "–" : `${(100 * share).toFixed(1)} %`);
const count = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toFixed(1));

const ROWS = 10;

function meanOf(rows: readonly StepStatistics[], of: (row: StepStatistics) => number | null): number | null {
  const values = rows.flatMap((row) => of(row) ?? []);
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** About ten stretches of the run; of the words only those that occur, the most frequent first. */
export function courseTable({ steps }: RunAnalysis): TextTable {
  const size = Math.ceil(steps.length / ROWS);
  const stretches: StepStatistics[][] = [];
  for (let from = 0; from < steps.length; from += size) stretches.push(steps.slice(from, from + size));
  const words = wordsByFrequency(steps).slice(0, 4);
  return {
    head: [
      "steps",
      "accuracy",
      "tokens",
      "thinking",
      "cut off",
      "reflective",
      ...words,
      "language",
      "repeated",
    ],
    rows: stretches.map((stretch) => {
      const mean = (of: (row: StepStatistics) => number | null): number | null => meanOf(stretch, of);
      const first = stretch[0]?.step ?? 0;
      const last = stretch.at(-1)?.step ?? 0;
      return [
        first === last ? String(first) : `${first}–${last}`,
        percent(mean((row) => row.accuracy)),
        count(mean((row) => row.tokens) ?? 0),
        count(mean((row) => row.thinkingTokens) ?? 0),
        percent(mean((row) => row.cutOff)),
        (mean((row) => row.reflection) ?? 0).toFixed(2),
        ...words.map((word) => (mean((row) => row.words[word] ?? 0) ?? 0).toFixed(2)),
        percent(mean((row) => row.languageConsistency)),
        percent(mean((row) => row.repetition)),
      ];
    }),
  };
}

function wordsByFrequency(steps: readonly StepStatistics[]): string[] {
  const totals = new Map<string, number>();
  for (const { words } of steps) {
    for (const [word, value] of Object.entries(words)) totals.set(word, (totals.get(word) ?? 0) + value);
  }
  return [...totals]
    .filter(([, total]) => total > 0)
    .sort((a, b) => b[1] - a[1])
    .map(([word]) => word);
}

const between = ([first, last]: RunPart["steps"]): string =>
  first === last ? `step ${first}` : `steps ${first}–${last}`;

/** From early to late; by the questions' levels where they have any, else by how many of the group were right. */
export function difficultyTable({ early, late }: RunAnalysis): TextTable {
  const levelled = early.byLevel.length > 0 || late.byLevel.length > 0;
  const rowsOf = (part: RunPart): readonly DifficultyRow[] => (levelled ? part.byLevel : part.byPassRate);
  const labels = [...rowsOf(early), ...rowsOf(late)].map(({ label }) => label);
  const ordered = levelled
    ? [...new Set(labels)].sort((a, b) => a.localeCompare(b, "en", { numeric: true }))
    : passRateLabels.filter((label) => labels.includes(label));
  const line = (
    label: string,
    first: DifficultyRow | undefined,
    last: DifficultyRow | undefined,
  ): string[] => {
    const both = (of: (row: DifficultyRow) => string): string =>
      `${first === undefined ? "–" : of(first)} → ${last === undefined ? "–" : of(last)}`;
    return [
      label,
      both(({ groups }) => String(groups)),
      both(({ accuracy }) => percent(accuracy)),
      both(({ thinkingTokens }) => count(thinkingTokens)),
      both(({ overthinking }) => percent(overthinking)),
    ];
  };
  const find = (part: RunPart, label: string): DifficultyRow | undefined =>
    rowsOf(part).find((row) => row.label === label);
  return {
    head: [
      `${levelled ? "level" : "of the group"} (${between(early.steps)} → ${between(late.steps)})`,
      "groups",
      "accuracy",
      "thinking tokens",
      "overthinking",
    ],
    rows: ordered.map((label) => line(label, find(early, label), find(late, label))),
    foot: line("all", early.all, late.all),
  };
}

/** A vote of many short thoughts early in the run against one long thought late in it. */
export function votingTable({ early, late }: RunAnalysis): TextTable {
  return {
    head: ["", "one thought", "tokens", "majority", "votes", "tokens for the vote"],
    rows: [early, late].map(({ steps, voting }) => [
      between(steps),
      percent(voting.single),
      count(voting.tokens),
      percent(voting.majority),
      voting.samples.toFixed(0),
      count(voting.tokensVoting),
    ]),
  };
}

/** What the vote table says in words; null where accuracy is not known. */
export function votingVerdict({ early, late }: RunAnalysis): string | null {
  const [vote, thought] = [early.voting.majority, late.voting.single];
  if (vote === null || thought === null) return null;
  const better =
    thought > vote
      ? "one thought of the trained model beats"
      : "one thought of the trained model does not beat";
  return (
    `${better} a vote of ${early.voting.samples.toFixed(0)} of the early one: ` +
    `${percent(thought)} with ${count(late.voting.tokens)} tokens, ${percent(vote)} with ${count(early.voting.tokensVoting)}`
  );
}

/** Zero-shot against few-shot prompts. */
export function shotsTable(rows: readonly ShotsRow[]): TextTable {
  return {
    head: ["examples before the question", "accuracy", "95 % interval", "format", "tokens"],
    rows: rows.map(({ shots, accuracy, low, high, format, tokens }) => [
      String(shots),
      percent(accuracy),
      `${percent(low)} to ${percent(high)}`,
      percent(format),
      count(tokens),
    ]),
  };
}
