/**
 * Asks a server for JSON. By node:http, since fetch gives up where headers take five minutes, and a reasoning model's
 * whole answer may take an hour.
 */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { EndpointError } from "./endpoint-error.ts";

export interface JsonRequest {
  readonly url: string;
  /** Left out: GET. */
  readonly body?: unknown;
  readonly apiKey?: string | undefined;
  /** From sending to the last byte. */
  readonly timeoutSeconds: number;
}

const agents = {
  "http:": new HttpAgent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY }),
  "https:": new HttpsAgent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY }),
};

/** A completion of a million tokens is a few megabytes; more is no answer. */
const MOST_BYTES = 64 * 2 ** 20;

/** The parsed answer. Throws EndpointError for no answer in time, a status other than 2xx, and text that is not JSON. */
export async function askForJson(request: JsonRequest): Promise<unknown> {
  const { status, text, retryAfterSeconds } = await send(request);
  const { url } = request;
  if (status < 200 || status >= 300) {
    throw new EndpointError({
      url,
      status,
      message: errorText(text),
      retryAfterSeconds,
      ...remedyOf(status),
    });
  }
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch (cause) {
    const message = `expected JSON, got ${JSON.stringify(text.slice(0, 120))}`;
    throw new EndpointError({ url, status: null, message }, { cause });
  }
}

interface Reply {
  readonly status: number;
  readonly text: string;
  readonly retryAfterSeconds: number | undefined;
}

function send({ url, body, apiKey, timeoutSeconds }: JsonRequest): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const fail = (message: string, cause?: unknown, remedy?: string): void => {
      const failure = { url, status: null, message, ...(remedy === undefined ? {} : { remedy }) };
      reject(new EndpointError(failure, cause === undefined ? {} : { cause }));
    };
    const { protocol } = new URL(url);
    if (protocol !== "http:" && protocol !== "https:") {
      fail(`expected an address of http or https, got ${protocol}`);
      return;
    }
    const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const options = {
      method: payload === undefined ? "GET" : "POST",
      agent: agents[protocol],
      headers: {
        accept: "application/json",
        ...(payload === undefined
          ? {}
          : { "content-type": "application/json", "content-length": payload.length }),
        ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
      },
    };
    const call = protocol === "https:" ? httpsRequest(url, options) : httpRequest(url, options);
    const timer = setTimeout(
      () => call.destroy(new Error(`no whole answer within ${timeoutSeconds} s`)),
      timeoutSeconds * 1000,
    );
    call.on("close", () => clearTimeout(timer));
    call.on("error", (cause) => fail(cause.message, cause, connectionRemedy(cause)));
    call.on("response", (response) => {
      readAll(response).then(
        (text) =>
          resolve({
            status: response.statusCode ?? 0,
            text,
            retryAfterSeconds: retryAfter(response.headers["retry-after"]),
          }),
        (cause: Error) => fail(cause.message, cause),
      );
    });
    call.end(payload);
  });
}

async function readAll(response: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of response) {
    bytes += (part as Buffer).length;
    if (bytes > MOST_BYTES) {
      response.destroy();
      throw new RangeError(`an answer of more than ${MOST_BYTES / 2 ** 20} MiB`);
    }
    parts.push(part as Buffer);
  }
  return Buffer.concat(parts).toString("utf8");
}

/** Seconds, or a date (RFC 9110, 10.2.3). */
export function retryAfter(header: string | undefined, now = Date.now()): number | undefined {
  if (header === undefined) return undefined;
  const seconds = /^\s*\d+(\.\d+)?\s*$/.test(header) ? Number(header) : (Date.parse(header) - now) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, seconds) : undefined;
}

/** The message within OpenAI's error shape, else the text's beginning. */
function errorText(text: string): string {
  try {
    const value = JSON.parse(text) as { error?: { message?: unknown } | string; message?: unknown };
    const message =
      typeof value.error === "string" ? value.error : (value.error?.message ?? value.message ?? text);
    return String(message).slice(0, 500);
  } catch {
    return text.slice(0, 500); // Not every server's error is JSON; what it said is shown as it came.
  }
}

function remedyOf(status: number): { remedy?: string } {
  if (status === 401 || status === 403) {
    return { remedy: "Set OPENAI_API_KEY, or name the variable that holds the key" };
  }
  if (status === 404 || status === 405) {
    return {
      remedy: "Give the address up to /v1, and a model's name that the server lists under /v1/models",
    };
  }
  return {};
}

function connectionRemedy(cause: Error): string | undefined {
  const refused = "code" in cause && (cause.code === "ECONNREFUSED" || cause.code === "ENOTFOUND");
  return refused ? "Is the server running at that address?" : undefined;
}
