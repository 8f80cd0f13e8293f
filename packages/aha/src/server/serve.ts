/** Opens a model and serves it, until told to end. */
import type { AddressInfo } from "node:net";
import { InferenceProcess } from "../inference/inference-process.ts";
import type { InferenceInformation, InferenceOptions } from "../inference/inference-protocol.ts";
import type { EngineStatistics } from "../inference/sequence-request.ts";
import { isLoopback } from "./authorise.ts";
import { FairQueue } from "./fair-queue.ts";
import { createHttpServer } from "./http-server.ts";
import { serverMetrics } from "./metrics.ts";
import { ModelService } from "./model-service.ts";

export interface ServeOptions {
  readonly inference: InferenceOptions;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Null: none is needed; only on loopback. */
  readonly apiKey: string | null;
  /** Sequences that may wait for a place. */
  readonly queue: number;
  /** A file to take in place of the folder's chat template. */
  readonly chatTemplate: string | null;
  /** Tokens of reasoning where a request states none; null: as many as the model likes. */
  readonly thinkingBudget: number | null;
  /** Hears of failures that are no client's fault. */
  readonly onError?: (error: unknown) => void;
}

/** A server that was asked to run in a way that is not safe or not possible. */
export class ServeError extends Error {
  override readonly name = "ServeError";
}

export interface RunningServer {
  /** Such as `http://127.0.0.1:8000`. */
  readonly url: string;
  readonly information: InferenceInformation;
  /** The inference process's number. */
  readonly inferenceProcessId: number | null;
  /** How far the engine is used; null while it is being started again. */
  statistics(): Promise<EngineStatistics | null>;
  /** Sequences that were asked for and have not ended. */
  readonly inFlight: number;
  /** Takes no new requests, lets those in flight end for so long, then cuts them off. */
  close(drainMilliseconds: number): Promise<void>;
}

/** Throws ServeError for a public address without a key, InferenceError where the model cannot be opened. */
export async function serve(options: ServeOptions): Promise<RunningServer> {
  const { host, port, apiKey, onError = () => {} } = options;
  if (apiKey === null && !isLoopback(host)) {
    throw new ServeError(
      `serving on ${host} lets others reach the model; give an API key (--api-key or AHA_API_KEY), or serve on 127.0.0.1`,
    );
  }
  if (apiKey === "") throw new ServeError("the API key is empty; give one, or none at all");
  const inference = await InferenceProcess.open(options.inference);
  try {
    const queue = new FairQueue(inference.information.rows, options.queue);
    const metrics = serverMetrics();
    const service = new ModelService({ ...options, inference, queue, metrics });
    let draining = false;
    const server = createHttpServer({ service, apiKey, isDraining: () => draining, onError });
    await new Promise<void>((resolve, reject) => {
      server.once("error", (cause: NodeJS.ErrnoException) => {
        const reason = cause.code === "EADDRINUSE" ? "something else listens there" : cause.message;
        reject(
          new ServeError(`cannot serve on ${host}:${port}: ${reason}; choose another --port`, { cause }),
        );
      });
      server.listen(port, host, resolve);
    });
    const address = server.address() as AddressInfo;
    const name = address.family === "IPv6" ? `[${address.address}]` : address.address;
    return {
      url: `http://${name}:${address.port}`,
      information: inference.information,
      get inferenceProcessId() {
        return inference.processId;
      },
      get inFlight() {
        return inference.inFlight;
      },
      statistics: () => inference.statistics(),
      async close(drainMilliseconds) {
        draining = true;
        const closed = new Promise<void>((resolve) => server.close(() => resolve()));
        server.closeIdleConnections();
        const late = setTimeout(() => server.closeAllConnections(), drainMilliseconds);
        // Connections that are kept alive end with their last answer.
        const idle = setInterval(() => server.closeIdleConnections(), 50);
        await closed;
        clearTimeout(late);
        clearInterval(idle);
        await inference.close();
      },
    };
  } catch (error) {
    await inference.close();
    throw error;
  }
}
