import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** Bytes that do not repeat, so that a part written at the wrong place shows. */
export const content = (length: number, seed = 1): Buffer => {
  const bytes = Buffer.alloc(length);
  let state = seed;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
};

export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly range: string | undefined;
  readonly ifRange: string | undefined;
}

export interface TestServer {
  readonly url: string;
  readonly seen: Seen[];
  close(): Promise<void>;
}

/** A server on this machine that records what it is asked. */
export async function serve(
  handler: (request: IncomingMessage, response: ServerResponse, count: number) => void,
): Promise<TestServer> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    const { range, "if-range": ifRange } = request.headers;
    seen.push({ method: request.method!, path: request.url!, range, ifRange: ifRange as string | undefined });
    handler(request, response, seen.length);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen, close };
}

export interface FileAnswer {
  readonly body: Buffer;
  readonly etag?: string;
  /** Whether Range is honoured; yes unless told. */
  readonly ranges?: boolean;
  /** Cut the connection after so many bytes of this answer. */
  readonly cutAfter?: number;
}

/** Answers as a file server does (RFC 9110: Range, If-Range, 206, 416). */
export function sendFile(request: IncomingMessage, response: ServerResponse, answer: FileAnswer): void {
  const { body, etag, ranges = true, cutAfter } = answer;
  const { range, "if-range": ifRange } = request.headers;
  const wanted = ranges && (!ifRange || ifRange === etag) ? range?.match(/^bytes=(\d+)-$/) : undefined;
  const from = wanted ? Number(wanted[1]) : 0;
  if (etag) response.setHeader("etag", etag);
  if (wanted && from >= body.length) {
    response.writeHead(416, { "content-range": `bytes */${body.length}` }).end();
    return;
  }
  if (wanted) response.setHeader("content-range", `bytes ${from}-${body.length - 1}/${body.length}`);
  response.writeHead(wanted ? 206 : 200, { "content-length": body.length - from });
  if (request.method === "HEAD") response.end();
  else if (cutAfter === undefined) response.end(body.subarray(from));
  else {
    response.write(body.subarray(from, from + cutAfter));
    // Late enough for the client to have read what was sent, on a busy machine too.
    setTimeout(() => response.destroy(), 250);
  }
}
