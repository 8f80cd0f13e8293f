/**
 * Small operators side by side with PyTorch from Python, on the LibTorch that the addon was built with: both programs
 * run in turn, several times, and the medians are printed. Run: npx tsx packages/torch/bench/compare.ts [rounds]
 */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readCurrentBuild } from "../scripts/build-addon.mjs";

type Times = Readonly<Record<string, number>>;

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const run = (program: string, words: readonly string[]): Times =>
  JSON.parse(
    execFileSync(program, words, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }),
  ) as Times;
const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number;

/** The Python whose site-packages hold this LibTorch; null where it came without one. */
function pythonOf(home: string): string | null {
  const python = join(home, "../../../../bin/python");
  return existsSync(python) ? python : null;
}

const build = readCurrentBuild();
if (build === undefined) throw new Error("the addon has not been built: npm run setup");
const python = pythonOf(build.libtorch.home);
const rounds = Number(process.argv[2] ?? 5);
const [ours, theirs]: [Times[], Times[]] = [[], []];
for (let round = 0; round < rounds; round++) {
  ours.push(run(process.execPath, ["--import", "tsx", here("./small-op.ts")]));
  if (python !== null) theirs.push(run(python, [here("./small_op.py")]));
}

console.log(
  `LibTorch ${build.libtorch.version}, Node.js ${process.version}, ${cpus()[0]?.model.trim()}; medians of ${rounds}`,
);
if (python === null) console.log("This LibTorch has no Python beside it: no comparison.");
console.log("\n| | @aha/torch | PyTorch from Python | ratio |\n|---|---|---|---|");
for (const name of Object.keys(ours[0] ?? {})) {
  const mine = median(ours.map((times) => times[name] as number));
  const other = python === null ? Number.NaN : median(theirs.map((times) => times[name] as number));
  const unit = name.startsWith("mm") ? "GFLOP/s" : "µs";
  const show = (value: number): string =>
    Number.isNaN(value) ? "–" : `${value.toFixed(unit === "µs" ? 2 : 0)} ${unit}`;
  console.log(
    `| ${name} | ${show(mine)} | ${show(other)} | ${Number.isNaN(other) ? "–" : (mine / other).toFixed(2)} |`,
  );
}
