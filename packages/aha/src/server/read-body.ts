/** Reads a request's JSON. */
import type { IncomingMessage } from "node:http";
import { ApiError } from "./api-error.ts";

/** Longest body: a long conversation's text several times over. */
const MOST_BYTES = 32 * 2 ** 20;

/** Throws ApiError where the body is too long, is no JSON, or does not say that it is. */
export async function readBody(request: IncomingMessage): Promise<unknown> {
  const type = request.headers["content-type"] ?? "";
  // A browser sends other types from any page without asking first.
  if (!/^application\/json\b/i.test(type)) {
    throw new ApiError(415, `expected the header "Content-Type: application/json", got "${type}"`);
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) {
      throw new ApiError(413, `the body is longer than ${MOST_BYTES} bytes`, {
        headers: { connection: "close" },
      });
    }
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString("utf8");
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new ApiError(
      400,
      `the body is not JSON: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
