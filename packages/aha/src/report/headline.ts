/** The first thing a report says: held-out accuracy, length and reflection, before and after. */
import type { RunData } from "../run/run-directory.ts";
import type { EvaluationSummary } from "../run/run-records.ts";
import { escapeText } from "./escape.ts";
import { formatValue, type ValueFormat } from "./scale.ts";

/** The evaluations at a run's two ends: from the summary, else, while it runs, from its events. */
export function evaluationEnds(run: RunData): {
  readonly before: EvaluationSummary | null;
  readonly after: EvaluationSummary | null;
} {
  if (run.summary !== null) return run.summary;
  const evaluations = run.events.filter((event) => event.type === "evaluation");
  const before = evaluations.find(({ when }) => when === "before")?.summary ?? null;
  const after = evaluations.findLast(({ when }) => when !== "before")?.summary ?? null;
  return { before, after };
}

interface Tile {
  readonly title: string;
  readonly format: ValueFormat;
  readonly unit: string;
  readonly read: (summary: EvaluationSummary) => number | undefined;
}

function tiles(run: RunData): Tile[] {
  const { after, before } = evaluationEnds(run);
  const reflection = after?.reflection ?? before?.reflection ?? {};
  const words = Object.entries(reflection)
    .filter(([word, count]) => count >= 0.005 || word === "wait")
    .sort((a, b) => b[1] - a[1])
    .slice(0, 3);
  return [
    { title: "Held-out accuracy", format: "percent", unit: "", read: ({ accuracy }) => accuracy },
    { title: "Mean length", format: "number", unit: "tokens", read: (summary) => summary.mean_length },
    ...words.map(
      ([word]): Tile => ({
        title: `“${word}”`,
        format: "number",
        unit: "a completion",
        read: ({ reflection }) => reflection[word],
      }),
    ),
    { title: "Right format", format: "percent", unit: "", read: ({ format }) => format },
  ];
}

/** A row of tiles a run. */
export function headlineHtml(run: RunData, tone: number, several: boolean): string {
  const { before, after } = evaluationEnds(run);
  const name = several ? `<h3><i class="swatch t${tone}"></i>${escapeText(run.name)}</h3>` : "";
  if (before === null && after === null) {
    return `${name}<p class="soft">No held-out evaluation yet.</p>`;
  }
  const row = tiles(run).map(({ title, format, unit, read }) => {
    const [from, to] = [before, after].map((summary) => (summary === null ? undefined : read(summary)));
    const shown = (value: number | undefined) =>
      value === undefined ? "–" : escapeText(formatValue(value, format));
    return (
      `<div class="tile"><div class="soft">${escapeText(title)}</div><div class="big"><span class="from">` +
      `${shown(from)}</span><span class="arrow">→</span>${shown(to)}</div>` +
      `<div class="soft small">${[escapeText(unit), change(from, to, format)].filter((part) => part !== "").join(" · ")}</div></div>`
    );
  });
  return `${name}<div class="tiles">${row.join("")}</div>`;
}

/** `+41.5 points` for shares, `×3.4` for the rest. */
function change(from: number | undefined, to: number | undefined, format: ValueFormat): string {
  if (from === undefined || to === undefined) return "";
  if (format === "percent") {
    const points = (to - from) * 100;
    return `${points < 0 ? "−" : "+"}${Math.abs(points).toFixed(1)} points`;
  }
  return from > 0 ? `×${formatValue(to / from, "number")}` : "";
}
