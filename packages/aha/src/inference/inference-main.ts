/** The inference process: an engine that is told what to do by messages, and steps as long as there is something to do. */
import type { Engine } from "./engine.ts";
import type { FromInference, ToInference } from "./inference-protocol.ts";
import { openEngine } from "./open-engine.ts";

let engine: Engine | null = null;
let stepping = false;

function tell(message: FromInference): void {
  // Whoever asked may be gone: then so are we, on "disconnect".
  if (process.connected) process.send?.(message, undefined, undefined, () => {});
}

const describe = (error: unknown): { name: string; message: string; stack: string } =>
  error instanceof Error
    ? { name: error.name, message: error.message, stack: error.stack ?? error.message }
    : { name: "Error", message: String(error), stack: String(error) };

/** Steps until nothing is left to do; messages are heard between the steps. */
async function goOn(): Promise<void> {
  if (stepping || engine === null) return;
  stepping = true;
  while (engine.busy) {
    try {
      const events = engine.step();
      if (events.length > 0) tell({ type: "events", events });
    } catch (error) {
      engine.cancelAll();
      tell({ type: "failed", message: describe(error).message });
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  stepping = false;
}

function hear(message: ToInference): void {
  if (message.type === "open") {
    try {
      const opened = openEngine(message.options);
      engine = opened.engine;
      tell({ type: "opened", information: opened.information });
    } catch (error) {
      tell({ type: "notOpened", ...describe(error) });
    }
    return;
  }
  if (engine === null) return;
  if (message.type === "statistics") {
    tell({ type: "statistics", token: message.token, statistics: engine.statistics });
    return;
  }
  if (message.type === "cancel") {
    engine.cancel(message.id);
    return;
  }
  try {
    engine.submit(message.request);
  } catch (error) {
    tell({ type: "refused", id: message.request.id, message: describe(error).message });
    return;
  }
  void goOn();
}

process.on("message", hear);
// The serving process decides when to end; a Ctrl-C in the terminal reaches both.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => {});
process.on("disconnect", () => process.exit(0));
