/** The page's own CSS, beside that of its charts. */
export const pageStyle = `
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:15px/1.5 Inter,ui-sans-serif,system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
main{max-width:1120px;margin:0 auto;padding:40px 24px 80px}
h1{font-size:28px;letter-spacing:-.02em;margin:0 0 4px}
h2{font-size:19px;letter-spacing:-.01em;margin:44px 0 6px}
h3{font-size:15px;margin:22px 0 8px;display:flex;align-items:center;gap:8px}
p{margin:4px 0 12px}
.soft{color:var(--soft)}.small{font-size:12.5px}
i.swatch{display:inline-block;width:11px;height:11px;border-radius:3px;background:var(--tone)}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(170px,1fr));gap:12px;margin-top:14px}
.tile,.card,.pair,details{background:var(--card);border:1px solid var(--line);border-radius:12px}
.tile{padding:14px 16px}
.big{font-size:25px;font-weight:650;letter-spacing:-.02em;font-variant-numeric:tabular-nums;white-space:nowrap}
.from{color:var(--soft);font-weight:500}.arrow{color:var(--soft);font-weight:400;margin:0 .3em;font-size:.8em}
.charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,460px),1fr));gap:14px;margin-top:14px}
.card{padding:14px 16px 8px}.card svg{display:block;width:100%;height:auto;overflow:visible}
#tip{position:fixed;z-index:2;pointer-events:none;background:var(--card);border:1px solid var(--line);border-radius:8px;padding:7px 10px;font-size:12.5px;line-height:1.45;box-shadow:0 4px 18px #0002;font-variant-numeric:tabular-nums;visibility:hidden;white-space:nowrap}
#tip b{font-weight:600;float:right;margin-left:14px}
.filters{display:flex;gap:6px;flex-wrap:wrap;margin:10px 0 14px}
button{font:inherit;font-size:13px;color:var(--soft);background:var(--card);border:1px solid var(--line);border-radius:999px;padding:3px 12px;cursor:pointer}
button[aria-pressed=true]{color:var(--ink);border-color:var(--soft)}
.pair{padding:14px 16px;margin-bottom:12px}.pair[hidden]{display:none}
.two{display:grid;grid-template-columns:1fr 1fr;gap:16px}
@media(max-width:720px){.two{grid-template-columns:1fr}}
.side{min-width:0}
pre{font:12.5px/1.55 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;white-space:pre-wrap;overflow-wrap:anywhere;margin:6px 0}
.side pre{max-height:340px;overflow:auto}
.prompt{color:var(--soft);border-bottom:1px solid var(--line);padding-bottom:10px;margin:0 0 12px}
.good{color:var(--good);font-weight:600}.bad{color:var(--bad);font-weight:600}
mark{background:var(--mark);color:inherit;border-radius:3px;padding:0 2px}
.warnings{margin:12px 0;padding:10px 16px 10px 34px;background:var(--card);border:1px solid var(--line);border-left:3px solid var(--bad);border-radius:8px}
details{padding:10px 16px;margin-top:16px}summary{cursor:pointer}
footer{margin-top:48px}
`;
