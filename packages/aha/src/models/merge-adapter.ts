/** Merges a LoRA adapter into its base: W + scale · B A, summed in float32 and rounded once. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { type Dtype, noGrad, scope, type Tensor } from "@aha/torch";
import { ModelFolderError } from "../folder/errors.ts";
import { readModelConfig } from "../folder/model-config.ts";
import type { ModelCard } from "../folder/write-folder.ts";
import type { AdaptedPart, Adapter } from "../lora/adapter.ts";
import { projectionNames } from "../lora/target-modules.ts";
import type { LlamaWeights } from "./decoder-weights.ts";
import type { Llama } from "./llama.ts";
import { baseFolder, openDenseModel, saveModel } from "./load-model.ts";

/** Adds an adapter's products to the weights that it belongs to. */
export function addToWeights(weights: LlamaWeights, adapter: Adapter): void {
  weights.layers.forEach((layer, index) => {
    for (const name of projectionNames) {
      const { loraA, parts = [] } = adapter.layers[index]?.[name] ?? {};
      for (const part of parts) addPart(layer[name], loraA as Tensor, part);
    }
  });
}

function addPart(
  weight: Tensor,
  loraA: Tensor,
  { start, length, rankStart, rank, scale, loraB }: AdaptedPart,
): void {
  scope(() =>
    noGrad(() => {
      const rows = weight.detach().narrow(0, start, length);
      const [a, b] = [loraA.detach().narrow(0, rankStart, rank), loraB.detach()];
      rows.copy_(rows.to("float32").addmm(b.to("float32"), a.to("float32"), { alpha: scale }));
    }),
  );
}

/** Merges the adapter in force into the model's weights, and unloads it. Nothing happens where none is in force. */
export function mergeActive(model: Llama): void {
  const { active, activeName } = model.adapters;
  if (active === null || activeName === null) return;
  addToWeights(model.weights, active);
  model.adapters.remove(activeName);
}

export interface MergeOptions {
  /** The dtype of the written weights; the base's own where nothing is said. */
  readonly dtype?: Dtype;
  readonly card?: ModelCard;
}

/** Writes an adapter's folder and its base as one whole model folder at `target`, which must be new or empty. */
export function mergeAdapter(folder: string, target: string, options: MergeOptions = {}): void {
  const base = baseFolder(folder);
  const refuse = (file: string, message: string, remedy: string): ModelFolderError =>
    new ModelFolderError({ file, message, remedy });
  if (base === folder) {
    throw refuse(
      folder,
      "expected a LoRA adapter's folder, found a whole model",
      "There is nothing to merge",
    );
  }
  if (existsSync(target) && readdirSync(target).length > 0) {
    throw refuse(
      target,
      "expected no such folder yet, or an empty one",
      "Name another folder for the merged model",
    );
  }
  const { dtype = readModelConfig(base).dtype } = options;
  const opened = openDenseModel(folder, { dtype, device: "cpu", positions: 1 });
  try {
    mergeActive(opened.model);
    const { tokenizerFolder, generation } = opened;
    saveModel(target, opened.model, {
      tokenizerFolder: existsSync(join(tokenizerFolder, "tokenizer.json")) ? tokenizerFolder : null,
      generation,
      card: options.card ?? {
        title: "Merged model",
        description: `\`${base}\` with the LoRA adapter \`${folder}\` merged into its weights.`,
      },
    });
  } finally {
    opened.model.dispose();
  }
}
