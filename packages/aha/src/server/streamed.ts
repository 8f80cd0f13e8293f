/** Runs what writes a stream, and ends it as clients expect, whatever happens. */
import { ApiError } from "./api-error.ts";
import type { EventStream } from "./event-stream.ts";

/** An error before the first event is thrown on, to be answered with its status; one after it becomes the last event. */
export async function streamed(
  stream: EventStream,
  signal: AbortSignal,
  write: (stream: EventStream) => Promise<void>,
): Promise<void> {
  try {
    await write(stream);
    if (signal.aborted) stream.close();
    else stream.done();
  } catch (error) {
    if (!stream.begun || !(error instanceof ApiError)) {
      stream.close();
      throw error;
    }
    await stream.send(error.body);
    stream.done();
  }
}
