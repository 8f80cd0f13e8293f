/** llama.cpp: tokens a second of decoding by batch, from a GGUF file in the settings' dtype; the output as measurement.ts says. */

import { availableParallelism } from "node:os";
import { pathToFileURL } from "node:url";
import { nodeLlamaCpp } from "../../scripts/node-llama-cpp.mjs";
import type { ModelSpeed, ModelSpeedSettings } from "./measurement.ts";

interface Sequence {
  evaluate(ids: readonly number[], options: object): AsyncIterable<number>;
  clearHistory(): Promise<void>;
}
interface LlamaCpp {
  getLlama(options: object): Promise<{
    loadModel(options: object): Promise<{
      createContext(options: object): Promise<{ getSequence(): Sequence; dispose(): Promise<void> }>;
    }>;
  }>;
}

const settings = JSON.parse(process.argv[2] ?? "") as ModelSpeedSettings;
const file = process.argv[3] ?? "";
const entry = await nodeLlamaCpp();
if (entry === null) throw new Error("node-llama-cpp has no build for this platform, or can't be fetched");
const peer = (await import(pathToFileURL(entry).href)) as LlamaCpp;
const threads = settings.threads || availableParallelism();
const llama = await peer.getLlama({ gpu: false, build: "never", logLevel: "error", maxThreads: threads });
const model = await llama.loadModel({ modelPath: file });
const { promptTokens, newTokens, rounds } = settings;
const prompt = Array.from({ length: promptTokens }, (_, index) => 100 + ((index * 7) % 100));

/** New tokens a second, from the first to the last of all sequences, which llama.cpp batches by itself. */
async function decodingRate(batch: number): Promise<number> {
  const context = await model.createContext({
    ...{ contextSize: promptTokens + newTokens + 8, sequences: batch, threads },
    batchSize: Math.max(512, batch),
  });
  const sequences = Array.from({ length: batch }, () => context.getSequence());
  let best = 0;
  for (let round = 0; round < rounds; round++) {
    let [first, tokens] = [0, 0];
    await Promise.all(
      sequences.map(async (sequence) => {
        let own = 0;
        for await (const _ of sequence.evaluate(prompt, {
          temperature: 1,
          topK: 0,
          topP: 1,
          minP: 0,
          yieldEogToken: true,
        })) {
          own++;
          // Counted from where every sequence is past its prompt.
          if (own > 1 && first > 0) tokens++;
          else if (own === 1 && sequence === sequences.at(-1)) first = performance.now();
          if (own === newTokens) break;
        }
      }),
    );
    best = Math.max(best, (tokens * 1000) / (performance.now() - first));
    for (const sequence of sequences) await sequence.clearHistory();
  }
  await context.dispose();
  return best;
}

const decoding: Record<string, number> = {};
for (const batch of settings.batches) decoding[batch] = await decodingRate(batch);
const result: ModelSpeed = {
  implementation: "llama.cpp",
  parameters: 0,
  decodingTokensPerSecond: decoding,
  trainingTokensPerSecond: null,
  peakBytes: process.resourceUsage().maxRSS * 1024,
};
console.log(JSON.stringify(result));
process.exit(0); // its threads would keep the process alive
