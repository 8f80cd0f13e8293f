/** `npm run bench`: Aha beside TRL and PyTorch, in turn on one machine, as tables and as a JSON file. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { run } from "../packages/torch/scripts/command.mjs";
import { type Shape, usefulFlopsPerStep } from "./flops.ts";
import {
  type GrpoMeasurement,
  type GrpoSettings,
  MeasurementError,
  type OperatorMeasurement,
  readMeasurement,
} from "./measurement.ts";
import { ensurePeer } from "./peer.ts";
import { type GrpoComparison, grpoTable, operatorTable } from "./table.ts";

const folder = import.meta.dirname;
const shapes: Record<string, Shape> = JSON.parse(readFileSync(join(folder, "shapes.json"), "utf8"));

const common = { promptTokens: 32, steps: 3, beta: 0.001 } as const;
/** The comparisons that are made where none is named. */
const defaultCases: readonly GrpoSettings[] = [
  { ...common, shape: "3m", questions: 8, group: 16, newTokens: 96, dtype: "float32" },
  { ...common, shape: "3m", questions: 8, group: 16, newTokens: 96, dtype: "bfloat16" },
  { ...common, shape: "135m", questions: 4, group: 8, newTokens: 64, dtype: "bfloat16" },
];

const help = `npm run bench -- [options]
  --only grpo|ops      one of the two parts
  --shape 3m|135m      one shape        --dtype float32|bfloat16   one dtype
  --side trl|aha       one side only, without the comparison
  --rounds N           turns of each side, alternating (default 2)
  --steps N            timed steps a turn (default 3)
  --questions N --group N --prompt-tokens N --new-tokens N   instead of the defaults`;

const numberOptions = ["rounds", "steps", "questions", "group", "prompt-tokens", "new-tokens"] as const;

interface Options {
  readonly only: string | undefined;
  readonly side: string | undefined;
  readonly rounds: number;
  readonly cases: readonly GrpoSettings[];
}

/** Reads the command line; `undefined` where help was asked for. */
function readOptions(words: readonly string[]): Options | undefined {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    args: [...words],
    options: {
      help: { type: "boolean" },
      only: text,
      shape: text,
      dtype: text,
      side: text,
      ...Object.fromEntries(numberOptions.map((name) => [name, text])),
    },
  });
  if (values.help === true) return undefined;
  const word = (name: string, allowed: readonly string[]) => {
    const value = values[name as keyof typeof values];
    if (value === undefined) return undefined;
    if (typeof value === "string" && allowed.includes(value)) return value;
    throw new RangeError(`--${name} is ${JSON.stringify(value)}; it takes ${allowed.join(" or ")}.`);
  };
  const number = (name: (typeof numberOptions)[number]) => {
    const value = values[name as keyof typeof values];
    if (value === undefined) return undefined;
    if (/^[1-9]\d*$/.test(String(value))) return Number(value);
    throw new RangeError(`--${name} is ${JSON.stringify(value)}; it takes a whole number from 1.`);
  };
  const [shape, dtype] = [word("shape", Object.keys(shapes)), word("dtype", ["float32", "bfloat16"])];
  const cases = defaultCases
    .filter((settings) => shape === undefined || settings.shape === shape)
    .map((settings) =>
      dtype && settings.shape === "135m" ? { ...settings, dtype: dtype as "float32" } : settings,
    )
    .filter((settings) => dtype === undefined || settings.dtype === dtype)
    .map((settings) => ({
      ...settings,
      steps: number("steps") ?? settings.steps,
      questions: number("questions") ?? settings.questions,
      group: number("group") ?? settings.group,
      promptTokens: number("prompt-tokens") ?? settings.promptTokens,
      newTokens: number("new-tokens") ?? settings.newTokens,
    }));
  return {
    only: word("only", ["grpo", "ops"]),
    side: word("side", ["trl", "aha"]),
    rounds: number("rounds") ?? 2,
    cases,
  };
}

const say = (line: string) => console.error(`bench: ${line}`);

/** Our side's program, in this Node with TypeScript; the other side's, in its own Python. */
const ours = (script: string) => [process.execPath, "--import", "tsx", join(folder, script)];

async function measure(command: readonly string[], parameters: readonly string[]): Promise<string> {
  const [program = "", ...leading] = command;
  const { ok, output } = await run(program, [...leading, ...parameters], { folder: resolve(folder, "..") });
  if (!ok) throw new MeasurementError(command.at(-1) ?? program, "it failed", output);
  return output;
}

async function measureGrpo(command: readonly string[], settings: GrpoSettings): Promise<GrpoMeasurement> {
  const parameters = [
    ...["--shape", settings.shape, "--dtype", settings.dtype],
    ...["--questions", String(settings.questions), "--group", String(settings.group)],
    ...["--prompt-tokens", String(settings.promptTokens), "--new-tokens", String(settings.newTokens)],
    ...["--steps", String(settings.steps), "--beta", String(settings.beta)],
  ];
  const measurement = readMeasurement<GrpoMeasurement>(
    command.at(-1) ?? "",
    await measure(command, parameters),
    ["secondsPerStep", "generationSeconds", "trainingSeconds", "peakBytes", "rolloutTokensPerSecond"],
  );
  const { implementation, secondsPerStep, generationSeconds, peakBytes } = measurement;
  const memory = (peakBytes / 1e9).toFixed(2);
  say(
    `${settings.shape} ${settings.dtype} ${implementation}: ${secondsPerStep.toFixed(2)} s a step, ` +
      `${generationSeconds.toFixed(2)} generating, ${memory} GB`,
  );
  return measurement;
}

async function measureOperators(command: readonly string[]): Promise<OperatorMeasurement> {
  const output = await measure(command, []);
  return readMeasurement<OperatorMeasurement>(command.at(-1) ?? "", output, [
    "smallOpMicroseconds",
    "gemmGigaflops",
  ]);
}

async function main(options: Options): Promise<void> {
  const { only, side, rounds, cases } = options;
  const python = await ensurePeer(say);
  const withOurs = (script: string) => side !== "trl" && existsSync(join(folder, script));
  say("small operators and GEMM rates");
  const theirOperators = await measureOperators([python, join(folder, "pytorch_ops.py")]);
  const ourOperators = withOurs("ours-ops.ts") ? await measureOperators(ours("ours-ops.ts")) : undefined;
  const tables = only === "grpo" ? [] : [operatorTable(theirOperators, ourOperators)];
  const comparisons: GrpoComparison[] = [];
  for (const settings of only === "ops" ? [] : cases) {
    const shape = shapes[settings.shape];
    if (shape === undefined) continue;
    const measured = { theirs: [] as GrpoMeasurement[], ours: [] as GrpoMeasurement[] };
    for (let round = 0; round < rounds; round++) {
      if (side !== "aha")
        measured.theirs.push(await measureGrpo([python, join(folder, "trl/grpo.py")], settings));
      if (withOurs("ours-grpo.ts")) measured.ours.push(await measureGrpo(ours("ours-grpo.ts"), settings));
    }
    const rate = theirOperators.gemmGigaflops[`square 2048 ${settings.dtype}`] ?? Number.NaN;
    const comparison: GrpoComparison = {
      settings,
      ...measured,
      flopsPerStep: usefulFlopsPerStep(shape, settings),
      gemmFlopsPerSecond: rate * 1e9,
    };
    comparisons.push(comparison);
    tables.push(grpoTable(comparison));
  }
  console.log(`\n${tables.join("\n\n")}`);
  say(`written to ${writeResults({ theirOperators, ourOperators, comparisons })}`);
}

function writeResults(results: object): string {
  const now = new Date().toISOString();
  const file = join(folder, "results", `${now.slice(0, 19).replaceAll(":", "-")}.json`);
  mkdirSync(join(folder, "results"), { recursive: true });
  const machine = { processor: cpus()[0]?.model ?? "unknown", cores: cpus().length, node: process.version };
  writeFileSync(file, `${JSON.stringify({ date: now, machine, ...results }, null, 2)}\n`);
  return file;
}

try {
  const options = readOptions(process.argv.slice(2));
  if (options === undefined) console.log(help);
  else await main(options);
} catch (error) {
  const expected = error instanceof MeasurementError || error instanceof RangeError;
  const isUsage = error instanceof TypeError && "code" in error;
  const named = error instanceof Error && error.name === "SetupError";
  console.error(error instanceof Error && (expected || isUsage || named) ? error.message : error);
  if (isUsage) console.error(help);
  process.exitCode = 1;
}
