import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A small store that answers as S3 does, in memory: puts with `If-None-Match: *`, ranges, pages of lists, uploads in parts. */
export class ObjectStore implements AsyncDisposable {
  readonly objects = new Map<string, Buffer>();
  readonly #uploads = new Map<string, Map<number, Buffer>>();
  readonly #server = createServer((request, response) => void this.#answer(request, response));
  readonly #page: number;
  /** Requests by what they ask. */
  readonly asked: string[] = [];

  private constructor(page: number) {
    this.#page = page;
  }

  /** @param page keys of an answer to a list. */
  static async open(page = 1000): Promise<ObjectStore> {
    const store = new ObjectStore(page);
    store.#server.listen(0, "127.0.0.1");
    await once(store.#server, "listening");
    return store;
  }

  /** What makes Amazon's client come here. */
  get env(): Record<string, string> {
    const { port } = this.#server.address() as AddressInfo;
    const keys = { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" };
    return { ...keys, AWS_REGION: "us-east-1", AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${port}` };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece);
    const body = Buffer.concat(pieces);
    const url = new URL(request.url ?? "/", "http://store");
    const path = decodeURIComponent(url.pathname.slice(1));
    const query = url.searchParams;
    this.asked.push(`${request.method} ${path}`);
    const send = (status: number, content: string | Buffer = "", headers: Record<string, string> = {}) => {
      response.writeHead(status, { "content-length": Buffer.byteLength(content), ...headers });
      response.end(request.method === "HEAD" ? undefined : content);
    };
    const refuse = (status: number, code: string) =>
      send(status, `<Error><Code>${code}</Code><Message>${code}</Message></Error>`);
    if (request.method === "POST" && query.has("uploads")) {
      const id = `upload${this.#uploads.size}`;
      this.#uploads.set(id, new Map());
      return send(
        200,
        `<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`,
      );
    }
    const upload = this.#uploads.get(query.get("uploadId") ?? "");
    if (query.has("uploadId") && upload === undefined) return refuse(404, "NoSuchUpload");
    if (upload !== undefined) {
      if (request.method === "PUT") upload.set(Number(query.get("partNumber")), body);
      if (request.method === "POST")
        this.objects.set(path, Buffer.concat([...upload].sort(([a], [b]) => a - b).map(([, part]) => part)));
      if (request.method !== "PUT") this.#uploads.delete(query.get("uploadId") as string);
      const whole = "<CompleteMultipartUploadResult><ETag>x</ETag></CompleteMultipartUploadResult>";
      return send(request.method === "DELETE" ? 204 : 200, request.method === "POST" ? whole : "", {
        etag: etag(body),
      });
    }
    if (request.method === "PUT") {
      if (request.headers["if-none-match"] === "*" && this.objects.has(path))
        return refuse(412, "PreconditionFailed");
      this.objects.set(path, body);
      return send(200, "", { etag: etag(body) });
    }
    if (query.get("list-type") === "2") return send(200, this.#list(path.replace(/\/$/, ""), query));
    const found = this.objects.get(path);
    if (found === undefined) return refuse(404, "NoSuchKey");
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
    if (from === undefined) return send(200, found);
    if (Number(from) >= found.length) return refuse(416, "InvalidRange");
    const part = found.subarray(Number(from), Number(to) + 1);
    send(206, part, { "content-range": `bytes ${from}-${Number(from) + part.length - 1}/${found.length}` });
  }

  #list(bucket: string, query: URLSearchParams): string {
    const [prefix, after] = [query.get("prefix") ?? "", query.get("continuation-token") ?? ""];
    const below = [...this.objects.keys()]
      .filter((path) => path.startsWith(`${bucket}/`))
      .map((path) => path.slice(bucket.length + 1))
      .filter((key) => key.startsWith(prefix) && key > after)
      .filter((key) => !query.has("delimiter") || !key.slice(prefix.length).includes("/"))
      .sort();
    const page = below.slice(0, this.#page);
    const more = below.length > page.length;
    const next = more ? `<NextContinuationToken>${page.at(-1)}</NextContinuationToken>` : "";
    const keys = page.map((key) => `<Contents><Key>${key}</Key></Contents>`).join("");
    return `<ListBucketResult><IsTruncated>${more}</IsTruncated>${next}${keys}</ListBucketResult>`;
  }
}

const etag = (body: Buffer): string => `"${createHash("md5").update(body).digest("hex")}"`;
