/** Server-sent events on a response, as OpenAI's clients read them. */
import type { ServerResponse } from "node:http";

const SILENCE_MILLISECONDS = 15_000;

export class EventStream {
  readonly #response: ServerResponse;
  readonly #alive: NodeJS.Timeout;

  constructor(response: ServerResponse) {
    this.#response = response;
    // Proxies cut connections on which nothing moves; a comment is no event.
    this.#alive = setInterval(() => {
      this.#open();
      response.write(": waiting\n\n");
    }, SILENCE_MILLISECONDS);
    this.#alive.unref();
  }

  /** Whether anything was sent: then an error can only be sent as an event. */
  get begun(): boolean {
    return this.#response.headersSent;
  }

  #open(): void {
    if (this.#response.headersSent) return;
    this.#response.writeHead(200, {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-cache",
      "x-accel-buffering": "no",
    });
  }

  /** Sends an event; waits where the client reads more slowly than we write. */
  async send(data: unknown): Promise<void> {
    this.#open();
    const { destroyed } = this.#response;
    if (destroyed || this.#response.write(`data: ${JSON.stringify(data)}\n\n`)) return;
    await new Promise<void>((resolve) => {
      const go = (): void => {
        this.#response.off("drain", go);
        this.#response.off("close", go);
        resolve();
      };
      this.#response.on("drain", go);
      this.#response.on("close", go);
    });
  }

  /** Ends the stream as OpenAI's does. */
  done(): void {
    this.#open();
    this.close();
    this.#response.end("data: [DONE]\n\n");
  }

  /** Stops the signs of life; for a client that is gone. */
  close(): void {
    clearInterval(this.#alive);
  }
}
