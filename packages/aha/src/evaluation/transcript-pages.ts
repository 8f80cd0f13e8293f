/** Every transcript of a benchmark as pages that need no server: a hundred a page, filtered by how they ended. */
import { escapeText } from "../report/escape.ts";
import { fileNameOf } from "./evaluation-files.ts";
import { htmlPage } from "./evaluation-html.ts";
import { isTruncated, type SampleRecord, type Turn } from "./sample-record.ts";

const PER_PAGE = 100;

const filterScript = `
for (const button of document.querySelectorAll("button[data-kind]")) button.onclick = () => {
  for (const other of document.querySelectorAll("button[data-kind]")) other.setAttribute("aria-pressed", other === button);
  for (const item of document.querySelectorAll("article")) item.hidden = !item.dataset.kinds.split(" ").includes(button.dataset.kind);
};`;

/** One HTML text a page, in their order; one page that says so where there are no samples. */
export function transcriptPages(title: string, reward: string, records: readonly SampleRecord[]): string[] {
  const ordered = [...records].sort((a, b) => a.question.localeCompare(b.question) || a.sample - b.sample);
  const count = Math.max(1, Math.ceil(ordered.length / PER_PAGE));
  return Array.from({ length: count }, (_, page) => {
    const shown = ordered.slice(page * PER_PAGE, (page + 1) * PER_PAGE);
    const body = [
      `<h1>${escapeText(title)}</h1>`,
      `<p><a href="../report.html">The table</a></p>`,
      navigation(title, page, count),
      `<div class="filters">${["all", "right", "wrong", "unparsed", "cut-off", "failed"].map(filterButton).join("")}</div>`,
      shown.length === 0 ? "<p>No samples.</p>" : shown.map((record) => article(record, reward)).join("\n"),
      navigation(title, page, count),
    ].join("\n");
    return htmlPage(`${title} ${page + 1}`, body, `<script>${filterScript}</script>`);
  });
}

const filterButton = (kind: string): string =>
  `<button type="button" data-kind="${kind}" aria-pressed="${kind === "all"}">${kind.replace("-", " ")}</button>`;

function navigation(title: string, page: number, count: number): string {
  if (count === 1) return "";
  const links = Array.from({ length: count }, (_, index) =>
    index === page
      ? `<b>${index + 1}</b>`
      : `<a href="${escapeText(encodeURIComponent(`${fileNameOf(title)}-${index + 1}.html`))}">${index + 1}</a>`,
  );
  return `<nav aria-label="pages">${links.join(" ")}</nav>`;
}

function article(record: SampleRecord, reward: string): string {
  const { value = null, outcome } = record.judgements[reward] ?? {};
  const kinds = [
    "all",
    record.failure !== null ? "failed" : (value ?? 0) >= 1 ? "right" : "wrong",
    ...(outcome === "unparsed" ? ["unparsed"] : []),
    ...(isTruncated(record) ? ["cut-off"] : []),
  ];
  const verdict = record.failure !== null ? "failed" : (outcome ?? String(value));
  const last = record.turns.at(-1)?.completion;
  const judgements = Object.entries(record.judgements).map(
    ([name, judgement]) =>
      `${name} ${judgement.value ?? "–"}${judgement.detail === undefined ? "" : ` (${judgement.detail})`}`,
  );
  return [
    `<article class="pair" data-kinds="${kinds.join(" ")}">`,
    `<p><span class="${(value ?? 0) >= 1 ? "good" : "bad"}">${escapeText(verdict)}</span> <span class="soft small">${escapeText(record.question)}, sample ${record.sample}</span></p>`,
    ...record.turns.map(turnHtml),
    last === record.completion || record.completion === ""
      ? ""
      : `<p class="soft small">Judged:</p><pre>${escapeText(record.completion)}</pre>`,
    `<p class="soft small">${escapeText(record.failure ?? judgements.join("; "))}</p>`,
    "</article>",
  ].join("\n");
}

/** The thinking is folded. */
function turnHtml({ prompt, completion, finish, completionTokens }: Turn): string {
  const asked =
    typeof prompt === "string"
      ? prompt
      : prompt.map(({ role, content }) => `[${role}] ${content}`).join("\n");
  const closed = completion.lastIndexOf("</think>");
  const thinking = closed < 0 ? "" : completion.slice(0, closed).replace(/^\s*<think>\s*/, "");
  const answer = closed < 0 ? completion : completion.slice(closed + "</think>".length);
  const length = completionTokens === null ? "" : `${completionTokens} tokens`;
  const end = finish === "length" ? '<span class="bad">cut off</span>' : "";
  return [
    `<pre class="prompt">${escapeText(asked)}</pre>`,
    thinking === "" ? "" : `<details><summary>Thinking</summary><pre>${escapeText(thinking)}</pre></details>`,
    `<pre>${escapeText(answer.trim())}</pre>`,
    `<p class="soft small">${length} ${end}</p>`,
  ].join("\n");
}
