/** The models that are served: their names, their tokenizer and template, and the process that computes. */
import { readFileSync } from "node:fs";
import type { ChatMessage } from "../folder/chat-template.ts";
import { createChatTemplate } from "../folder/chat-template.ts";
import { ModelFolderError } from "../folder/errors.ts";
import { loadTokenizer, type Tokenizer } from "../folder/tokenizer.ts";
import type { InferenceProcess } from "../inference/inference-process.ts";
import type { InferenceInformation, ServedModel } from "../inference/inference-protocol.ts";
import type { JsonValue } from "../tasks/task.ts";
import { ApiError } from "./api-error.ts";
import type { FairQueue } from "./fair-queue.ts";
import type { Metrics } from "./metrics.ts";

export interface ModelServiceOptions {
  readonly inference: InferenceProcess;
  readonly queue: FairQueue;
  readonly metrics: Metrics;
  /** A file to take in place of the folder's chat template. */
  readonly chatTemplate: string | null;
  /** Where a request states none. */
  readonly thinkingBudget: number | null;
}

/** A conversation's end, for the template. */
export interface RenderOptions {
  readonly variables: Readonly<Record<string, JsonValue>>;
}

export class ModelService {
  readonly inference: InferenceProcess;
  readonly queue: FairQueue;
  readonly metrics: Metrics;
  readonly thinkingBudget: number | null;
  readonly tokenizer: Tokenizer;
  /** Seconds since 1970 at which the models were opened. */
  readonly created = Math.floor(Date.now() / 1000);
  readonly #render: (messages: readonly ChatMessage[], options: RenderOptions) => string;

  constructor({ inference, queue, metrics, chatTemplate, thinkingBudget }: ModelServiceOptions) {
    this.inference = inference;
    this.queue = queue;
    this.metrics = metrics;
    this.thinkingBudget = thinkingBudget;
    const tokenizer = loadTokenizer(inference.information.tokenizerFolder);
    this.tokenizer = tokenizer;
    const own = chatTemplate === null ? null : templateOf(chatTemplate, tokenizer);
    this.#render = (messages, { variables }) => {
      const options = { addGenerationPrompt: true, variables };
      return own === null ? tokenizer.applyChatTemplate(messages, options) : own(messages, options);
    };
  }

  get information(): InferenceInformation {
    return this.inference.information;
  }

  /** The model of that name, or the first where none is named. Throws ApiError 404 for another. */
  model(name: string | null | undefined): ServedModel {
    const { models } = this.information;
    if (name === null || name === undefined) return models[0] as ServedModel;
    const found = models.find(({ id }) => id === name);
    if (found !== undefined) return found;
    const names = models.map(({ id }) => id).join(", ");
    throw new ApiError(404, `The model "${name}" is not served here; there are: ${names}`, {
      code: "model_not_found",
      param: "model",
    });
  }

  /** The text of a conversation up to where the assistant is to go on. Throws ApiError where the template refuses it. */
  render(messages: readonly ChatMessage[], options: RenderOptions): string {
    try {
      return this.#render(messages, options);
    } catch (error) {
      if (!(error instanceof ModelFolderError)) throw error;
      throw new ApiError(400, error.message, { param: "messages" });
    }
  }

  encode(text: string, addSpecialTokens: boolean): number[] {
    try {
      return this.tokenizer.encode(text, { addSpecialTokens });
    } catch (error) {
      if (!(error instanceof ModelFolderError)) throw error;
      throw new ApiError(400, error.message, { param: "prompt" });
    }
  }
}

function templateOf(
  file: string,
  tokenizer: Tokenizer,
): (messages: readonly ChatMessage[], options: object) => string {
  const token = (id: number | null): string => (id === null ? "" : (tokenizer.idToToken(id) ?? ""));
  const tokens = { bos_token: token(tokenizer.bosTokenId), eos_token: token(tokenizer.eosTokenId) };
  const render = createChatTemplate(file, new Map([["default", readFileSync(file, "utf8")]]), tokens);
  return render as NonNullable<typeof render>;
}
