/** Opens a folder, its adapters and its tokenizer as an engine. */
import { basename, resolve } from "node:path";
import { setThreads } from "@aha/torch";
import { denseConfig } from "../folder/decoder-config.ts";
import type { Tokenizer } from "../folder/tokenizer.ts";
import {
  DEFAULT_ADAPTER,
  type OpenModel,
  openModel,
  openTokenizer,
  stopTokens,
} from "../models/load-model.ts";
import { readAdapter } from "../models/stored-adapter.ts";
import { bytesPerNumber } from "../rollout/cache-capacity.ts";
import { Engine } from "./engine.ts";
import type { InferenceInformation, InferenceOptions, ServedModel } from "./inference-protocol.ts";

/** Options that contradict each other or the model. */
export class InferenceOptionsError extends Error {
  override readonly name = "InferenceOptionsError";
}

const MOST_ROWS = 64;

export interface OpenEngine {
  readonly engine: Engine;
  readonly tokenizer: Tokenizer;
  readonly information: InferenceInformation;
  dispose(): void;
}

/** Throws ModelFolderError for folders that do not fit, InferenceOptionsError for options that do not. */
export function openEngine(options: InferenceOptions): OpenEngine {
  if (options.threads !== null) setThreads(options.threads);
  const { positions: wanted } = options;
  const opened = openModel(options.folder, {
    dtype: options.dtype,
    device: options.device,
    ...(wanted === null ? {} : { positions: wanted }),
  });
  const { model, generation } = opened;
  try {
    if (wanted !== null && wanted > model.config.maxPositions) {
      throw new InferenceOptionsError(
        `a context of ${wanted} tokens was asked for, but the model has ${model.config.maxPositions} positions; ask for at most so many`,
      );
    }
    const models = openAdapters(opened, options);
    const tokenizer = openTokenizer(options.folder, model.config);
    const { positions } = model;
    const rows = options.rows ?? affordableRows(options.cacheBytes, opened, positions);
    const engine = new Engine(model, tokenizer, {
      eosTokenIds: stopTokens(generation, tokenizer),
      rows,
      positions,
    });
    const { temperature, topP, topK, minP } = generation;
    const information: InferenceInformation = {
      models,
      tokenizerFolder: opened.tokenizerFolder,
      family: model.config.family,
      parameterCount: model.parameterCount,
      dtype: model.dtype,
      device: model.device,
      vocabularySize: model.config.vocabularySize,
      bosTokenId: model.config.bosTokenId,
      positions,
      rows,
      cacheBytes: engine.cacheBytes,
      sampling: { temperature, topP, topK, minP },
    };
    return {
      engine,
      tokenizer,
      information,
      dispose() {
        engine.dispose();
        model.dispose();
      },
    };
  } catch (error) {
    model.dispose();
    throw error;
  }
}

const nameOf = (folder: string): string => basename(resolve(folder));

/** Loads the adapters; the names under which base and adapters are served, the folder that was named first. */
function openAdapters({ folder, base, model }: OpenModel, options: InferenceOptions): ServedModel[] {
  const own = model.adapters.activeName; // "default" where the folder is an adapter's
  model.adapters.use(null);
  const served: ServedModel[] =
    own === null
      ? [{ id: options.name ?? nameOf(folder), adapter: null }]
      : [
          { id: options.name ?? nameOf(folder), adapter: DEFAULT_ADAPTER },
          { id: nameOf(base), adapter: null },
        ];
  for (const { name, folder: place } of options.adapters) {
    const config = denseConfig(model.config, base, "a LoRA adapter");
    model.adapters.add(name, readAdapter(place, config, model.dtype, model.device, resolve(base)));
    served.push({ id: name, adapter: name });
  }
  const ids = served.map(({ id }) => id);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) {
    throw new InferenceOptionsError(
      `two models are to be served as "${twice}"; give one of them another name with --name or --adapter name=folder`,
    );
  }
  return served;
}

function affordableRows(cacheBytes: number, { model }: OpenModel, positions: number): number {
  const perRow = positions * model.cachedPerToken * bytesPerNumber(model.dtype);
  return Math.max(1, Math.min(MOST_ROWS, Math.floor(cacheBytes / perRow) - 1));
}
