/**
 * Runs the stages of a pipeline in order. A finished stage is never made again; a killed one goes on from its last
 * checkpoint; one whose recipe (or an earlier stage's) has changed since it finished is refused until it is asked for anew.
 */
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { PipelineOptions, PipelineResult, TrainResult } from "../contracts/work.ts";
import {
  type MeasurementStage,
  type PipelineRecipe,
  type PipelineStage,
  stageName,
  type TrainingStage,
} from "../recipe/define-pipeline.ts";
import type { Recipe } from "../recipe/define-recipe.ts";
import { RecipeError } from "../recipe/recipe-error.ts";
import { writeFileAtomically, writeFolderAtomically } from "../run/atomic.ts";
import { latestCheckpoint } from "../run/checkpoints.ts";
import { JsonLineWriter } from "../run/json-lines.ts";
import { formatDuration } from "../run/progress.ts";
import { takeRunLock } from "../run/run-lock.ts";
import { type Measurement, measureModel } from "./measure-model.ts";
import { fingerprints, madeFrom, type PipelineState, readState, writeState } from "./pipeline-state.ts";
import { stageTable } from "./stage-table.ts";

/** What trains; given by the caller, so that a test can give its own. */
export interface StageRunners {
  train(
    recipe: Recipe,
    options: { runDirectory: string; resume: boolean; json: boolean },
  ): Promise<TrainResult>;
  curate: typeof import("../curation/curate.ts").curate;
}

/** Throws RecipeError where a finished stage is another one now. */
export async function runPipeline(
  pipeline: PipelineRecipe,
  options: PipelineOptions,
  runners: StageRunners,
): Promise<PipelineResult> {
  const root = options.runDirectory;
  mkdirSync(root, { recursive: true });
  const lock = takeRunLock(join(root, "lock"));
  try {
    const file = join(root, "pipeline.json");
    let state = prepareState(pipeline, readState(file), options);
    writeState(file, state);
    const prints = fingerprints(pipeline);
    const names = pipeline.stages.map(stageName);
    for (const [index, stage] of pipeline.stages.entries()) {
      const name = stageName(stage);
      const fingerprint = prints.get(name) ?? "";
      const title = `[${index + 1}/${names.length}] ${name}`;
      const before = state.finished[name];
      if (before !== undefined) {
        say(`${title}: finished in ${formatDuration(before.seconds)}`);
      } else {
        say(`${title} …`);
        const resume = state.started[name]?.fingerprint === fingerprint;
        state = { ...state, started: { ...state.started, [name]: { fingerprint } } };
        writeState(file, state);
        const began = performance.now();
        const done = await runStage(stage, join(root, name), resume, runners);
        if (!done) return { status: "interrupted", runDirectory: root, stage: name, table: null };
        const { [name]: _, ...started } = state.started;
        const seconds = (performance.now() - began) / 1000;
        state = { started, finished: { ...state.finished, [name]: { fingerprint, seconds } } };
        writeState(file, state);
        say(`${title}: finished in ${formatDuration(seconds)}`);
      }
      if (name === options.until) break;
    }
    const table = stageTable(readMeasurements(pipeline, root));
    writeFileAtomically(join(root, "stages.md"), table);
    return { status: "finished", runDirectory: root, stage: null, table };
  } finally {
    lock.release();
  }
}

const say = (text: string): void => void process.stderr.write(`${text}\n`);

/** Forgets the stage `options.from` and all that is made from it; refuses finished stages that are no longer the same. */
function prepareState(
  pipeline: PipelineRecipe,
  state: PipelineState,
  { from, until, keepFinished = false }: PipelineOptions,
): PipelineState {
  const names = pipeline.stages.map(stageName);
  for (const [flag, name] of Object.entries({ from, until })) {
    if (name === undefined || names.includes(name)) continue;
    throw new RecipeError([
      { path: flag, message: `no stage is called "${name}"; they are: ${names.join(", ")}` },
    ]);
  }
  const anew = from === undefined ? new Set<string>() : madeFrom(pipeline, from);
  const keep = names.filter((name) => !anew.has(name));
  const kept = (part: PipelineState["finished" | "started"]) =>
    Object.fromEntries(Object.entries(part).filter(([name]) => keep.includes(name)));
  const left = { finished: kept(state.finished), started: kept(state.started) } as PipelineState;
  const prints = fingerprints(pipeline);
  if (keepFinished) {
    for (const [name, before] of Object.entries(left.finished)) {
      left.finished[name] = { ...before, fingerprint: prints.get(name) ?? before.fingerprint };
    }
  }
  const changed = keep.find((name) => {
    const before = left.finished[name];
    return before !== undefined && before.fingerprint !== prints.get(name);
  });
  if (changed === undefined) return left;
  const message =
    `"${changed}" (or a stage before it) is defined otherwise than when it finished; make it and what follows anew by ` +
    `--from ${changed}, take what there is by --keep-finished, or take another --run-dir`;
  throw new RecipeError([{ path: `stages.${names.indexOf(changed)}`, message }], "pipeline");
}

/** False where it was interrupted. */
async function runStage(
  stage: PipelineStage,
  folder: string,
  resume: boolean,
  runners: StageRunners,
): Promise<boolean> {
  if (!resume) rmSync(folder, { recursive: true, force: true });
  if ("measure" in stage) {
    await measureStage(stage, folder);
    return true;
  }
  const goOn = resume && existsSync(join(folder, "recipe.json"));
  const options = { runDirectory: folder, resume: goOn, json: false };
  if ("curation" in stage) return (await runners.curate(stage.curation, options)).status === "finished";
  const result = await runners.train(stage.recipe, options);
  if (result.status === "interrupted") return false;
  await publish(stage, folder);
  return true;
}

/** Copies the run's finished model to where later stages look for it; the optimiser's state stays in the run. */
async function publish({ output }: TrainingStage, folder: string): Promise<void> {
  if (output === undefined) return;
  const checkpoint = latestCheckpoint(join(folder, "checkpoints"));
  if (checkpoint === undefined)
    throw new Error(`${folder}: expected a checkpoint of the finished run, found none`);
  await writeFolderAtomically(output, (place) => {
    for (const file of readdirSync(checkpoint.path)) {
      if (modelFile.test(file)) copyFileSync(join(checkpoint.path, file), join(place, file));
    }
  });
}

/** What of a checkpoint is the model; the rest is what training goes on from. */
const modelFile =
  /^(README\.md|config\.json|generation_config\.json|(model|adapter_model)[-.\w]*\.safetensors(\.index\.json)?|adapter_config\.json|tokenizer\S*|chat_template\S*|special_tokens_map\.json|vocab\S*|merges\.txt)$/;

async function measureStage(stage: MeasurementStage, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const measurement = await measureModel(stage, (suite, records) => {
    const writer = new JsonLineWriter(join(folder, `${suite}.jsonl`), "replace");
    for (const record of records) writer.append(record);
    writer.close();
  });
  writeFileAtomically(join(folder, "measurement.json"), `${JSON.stringify(measurement, null, 2)}\n`);
}

function readMeasurements({ stages }: PipelineRecipe, root: string): Measurement[] {
  return stages.flatMap((stage): Measurement[] => {
    const file = join(root, stageName(stage), "measurement.json");
    if (!("measure" in stage) || !existsSync(file)) return [];
    return [JSON.parse(readFileSync(file, "utf8")) as Measurement];
  });
}
