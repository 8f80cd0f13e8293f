/** Colours and type of charts, as CSS shared by the page and the standalone picture. */

const tones = (colours: readonly string[]) =>
  colours.map((colour, index) => `.t${index}{--tone:${colour}}`).join("");

/** Eight hues that stay apart for common colour blindness, after Okabe & Ito, deepened for white paper. */
const light = ["#2563c9", "#d9720a", "#0f8a5f", "#a8489c", "#c23b3b", "#1693b8", "#8a7a10", "#6b7280"];
/** The same hues on a dark ground. */
const dark = ["#6aa3f8", "#f2a154", "#4cc596", "#d78ccd", "#ef7f7f", "#5cc8e8", "#d3c04e", "#9ca3af"];
/** In between: at least 3:1 on white and on near-black. */
const middle = ["#3b7ddd", "#d9780f", "#1b9a6c", "#b35fa8", "#d45050", "#1b96b8", "#94821a", "#7d8590"];

/** For the page, which follows the reader's colour scheme. */
export const pagePalette =
  ":root{color-scheme:light dark;--ground:#fbfbfa;--card:#fff;--ink:#1d2129;--soft:#667080;--line:#e6e7ea;" +
  "--good:#0f8a5f;--bad:#c23b3b;--mark:#fdeeb5}" +
  tones(light) +
  "@media(prefers-color-scheme:dark){:root{--ground:#101216;--card:#171a20;--ink:#e7e9ee;--soft:#959daa;" +
  `--line:#2a2f38;--good:#4cc596;--bad:#ef7f7f;--mark:#564a16}${tones(dark)}}`;

/** For pictures whose background is not known. */
export const middlePalette = `svg{--card:transparent;--ink:#7d8590;--soft:#7d8590;--line:#7d859044}${tones(middle)}`;

export const chartStyle =
  'text{font-family:Inter,ui-sans-serif,system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,' +
  "sans-serif;fill:var(--soft);font-size:11px;font-variant-numeric:tabular-nums}" +
  ".title{font-size:14px;font-weight:650;fill:var(--ink)}.legend{font-size:11.5px}" +
  ".value{font-size:11.5px;font-weight:650;fill:var(--tone)}" +
  ".grid{stroke:var(--line)}.axis{stroke:var(--soft);stroke-opacity:.55}" +
  ".raw,.line{fill:none;stroke:var(--tone);stroke-linejoin:round;stroke-linecap:round}" +
  ".raw{stroke-width:1;stroke-opacity:.32}.line{stroke-width:2.2}" +
  ".dot{fill:var(--tone);stroke:var(--card);stroke-width:1.5}" +
  ".area{fill:var(--tone);fill-opacity:.82}.swatch{fill:var(--tone)}" +
  ".cursor{stroke:var(--soft);stroke-dasharray:3 3;visibility:hidden}.catch{fill:none;pointer-events:all}";
