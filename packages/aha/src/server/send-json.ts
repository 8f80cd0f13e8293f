/** Answers with JSON. */
import type { ServerResponse } from "node:http";
import type { ApiError } from "./api-error.ts";

export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  const bytes = Buffer.from(JSON.stringify(body));
  response.writeHead(status, {
    "content-type": "application/json; charset=utf-8",
    "content-length": bytes.length,
    ...headers,
  });
  response.end(bytes);
}

export const sendError = (response: ServerResponse, error: ApiError): void =>
  sendJson(response, error.status, error.body, error.options.headers);
