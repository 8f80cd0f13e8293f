/** A local imitation of an OpenAI-compatible server: answers as it is told, and remembers what it was asked. */
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";

export interface ImitatedRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Record<string, unknown> & {
    readonly messages?: readonly { role: string; content: string }[];
  };
}

export interface ImitatedReply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** In place of a body: drops the connection. */
  readonly hangUp?: boolean;
}

export interface ImitationEndpoint {
  readonly url: string;
  readonly requests: ImitatedRequest[];
  /** The most requests that were open at once. */
  readonly mostOpen: number;
  close(): Promise<void>;
}

export async function imitationEndpoint(
  reply: (request: ImitatedRequest, count: number) => ImitatedReply | Promise<ImitatedReply>,
): Promise<ImitationEndpoint> {
  const requests: ImitatedRequest[] = [];
  let open = 0;
  let mostOpen = 0;
  const server = createServer(async (incoming, outgoing) => {
    open += 1;
    mostOpen = Math.max(mostOpen, open);
    const parts: Buffer[] = [];
    for await (const part of incoming) parts.push(part as Buffer);
    const text = Buffer.concat(parts).toString("utf8");
    const body = text === "" ? {} : (JSON.parse(text) as ImitatedRequest["body"]);
    const request = { path: incoming.url ?? "", headers: incoming.headers, body };
    requests.push(request);
    const {
      status = 200,
      headers = {},
      body: answer = {},
      hangUp = false,
    } = await reply(request, requests.length);
    open -= 1;
    if (hangUp) incoming.socket.destroy();
    else
      outgoing
        .writeHead(status, { "content-type": "application/json", ...headers })
        .end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    requests,
    get mostOpen() {
      return mostOpen;
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** A chat completion as servers give it. */
export function chatReply(
  content: string,
  { reasoning, finish = "stop", tokens = 5 }: { reasoning?: string; finish?: string; tokens?: number } = {},
): ImitatedReply {
  return {
    body: {
      choices: [
        {
          message: {
            role: "assistant",
            content,
            ...(reasoning === undefined ? {} : { reasoning_content: reasoning }),
          },
          finish_reason: finish,
        },
      ],
      usage: {
        prompt_tokens: 7,
        completion_tokens: tokens,
        ...(reasoning === undefined ? {} : { completion_tokens_details: { reasoning_tokens: tokens - 2 } }),
      },
    },
  };
}
