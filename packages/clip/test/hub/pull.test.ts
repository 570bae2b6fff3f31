import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { mkdir } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { HubFile } from "../../src/hub/catalog.js";
import { download } from "../../src/hub/download.js";
import { HubError } from "../../src/hub/errors.js";
import { type PullOptions, pull, pullFile } from "../../src/hub/pull.js";
import { content, sendFile, serve, sha256, type TestServer } from "./file-server.js";

const BODY = content(400_000);
const ETAG = '"first"';
const HALF = 200_000;

let folder = "";
let server: TestServer | undefined;

test.before.each(() => {
  folder = mkdtempSync(path.join(tmpdir(), "inctrl-hub-"));
});

test.after.each(async () => {
  await server?.close();
  server = undefined;
  rmSync(folder, { recursive: true, force: true });
});

const weights = (overrides: Partial<HubFile> = {}): HubFile => ({
  role: "weights",
  url: "https://example.org/release/w.bin",
  saveAs: "w.bin",
  sha256: sha256(BODY),
  maxBytes: 1_000_000,
  ...overrides,
});

type Handler = (request: IncomingMessage, response: ServerResponse, count: number) => void;

/** Pulls one file from a server that answers so. */
async function pullFrom(handler: Handler, overrides: Partial<HubFile> = {}, options: PullOptions = {}) {
  server ??= await serve(handler);
  return pullFile(weights(overrides), { cacheDir: folder, baseUrl: server.url, backoffMs: 1, ...options });
}

async function failure(work: Promise<unknown>): Promise<HubError> {
  try {
    await work;
  } catch (error) {
    assert.instance(error, HubError);
    const hubError = error as HubError;
    assert.not.match(hubError.message, "\n");
    return hubError;
  }
  throw new Error("it should have failed");
}

const stored = () =>
  existsSync(path.join(folder, "models")) ? readdirSync(path.join(folder, "models")).sort() : [];
const ranges = () => server!.seen.map(({ range }) => range);

test("downloads, checks and keeps a file; the second time it is there", async () => {
  const steps: number[] = [];
  const onProgress: PullOptions["onProgress"] = (_file, { received, total }) => {
    steps.push(received);
    assert.is(total, BODY.length);
  };
  const first = await pullFrom((q, r) => sendFile(q, r, { body: BODY, etag: ETAG }), {}, { onProgress });
  assert.equal(
    [first.status, first.checked, first.sha256, first.bytes],
    ["downloaded", "sha256", sha256(BODY), BODY.length],
  );
  assert.equal(readFileSync(first.path), BODY);
  assert.equal(stored(), ["w.bin"]);
  assert.is(steps[0], 0);
  assert.is(steps.at(-1), BODY.length);
  assert.equal(
    steps,
    [...steps].sort((a, b) => a - b),
  );

  const second = await pullFrom(() => assert.unreachable());
  assert.is(second.status, "present");
  assert.is(server!.seen.length, 1);
  assert.equal(server!.seen[0]!.path, "/release/w.bin");
});

test("goes on where the connection was cut, also when the range request is cut half-way", async () => {
  const retries: string[] = [];
  const cuts = [HALF, 100_000];
  const { path: file } = await pullFrom(
    (q, r, count) => sendFile(q, r, { body: BODY, etag: ETAG, cutAfter: cuts[count - 1] }),
    {},
    { onRetry: (_file, why) => retries.push(why) },
  );
  assert.equal(readFileSync(file), BODY);
  assert.equal(ranges(), [undefined, "bytes=200000-", "bytes=300000-"]);
  assert.equal(
    server!.seen.slice(1).map(({ ifRange }) => ifRange),
    [ETAG, ETAG],
  );
  assert.is(retries.length, 2);
  assert.match(retries[0]!, "connection cut after 200000");
  assert.equal(stored(), ["w.bin"]);
});

test("a server that sends less than the rest is asked for more", async () => {
  const { path: file } = await pullFrom((q, r, count) => {
    if (count !== 2)
      return sendFile(q, r, { body: BODY, etag: ETAG, cutAfter: count === 1 ? HALF : undefined });
    const headers = { etag: ETAG, "content-range": "bytes 200000-249999/400000", "content-length": 50_000 };
    r.writeHead(206, headers).end(BODY.subarray(HALF, 250_000));
  });
  assert.equal(readFileSync(file), BODY);
  assert.equal(ranges(), [undefined, "bytes=200000-", "bytes=250000-"]);
});

test("starts over where the server ignores ranges", async () => {
  const { path: file } = await pullFrom((q, r, count) =>
    sendFile(q, r, { body: BODY, etag: ETAG, ranges: false, cutAfter: count === 1 ? HALF : undefined }),
  );
  assert.equal(readFileSync(file), BODY);
  assert.equal(ranges(), [undefined, "bytes=200000-"]);
});

test("starts over where no strong ETag says that the rest belongs to the part", async () => {
  for (const etag of [undefined, 'W/"weak"']) {
    const { path: file } = await pullFrom((q, r, count) =>
      sendFile(q, r, { body: BODY, etag, cutAfter: count === 1 ? HALF : undefined }),
    );
    assert.equal(readFileSync(file), BODY);
    assert.equal(ranges(), [undefined, undefined]);
    rmSync(file);
    await server!.close();
    server = undefined;
  }
});

test("a second call goes on from what a stopped one left", async () => {
  const controller = new AbortController();
  const handler: Handler = (q, r, count) => {
    // The first answer stops half-way without an end, until the caller gives up.
    if (count > 1) return sendFile(q, r, { body: BODY, etag: ETAG });
    r.writeHead(200, { etag: ETAG, "content-length": BODY.length });
    r.write(BODY.subarray(0, HALF));
  };
  const onProgress: PullOptions["onProgress"] = (_file, { received }) => {
    if (received === HALF) controller.abort();
  };
  const stopped = await failure(pullFrom(handler, {}, { signal: controller.signal, onProgress }));
  assert.is(stopped.code, "aborted");
  assert.equal(stored(), ["w.bin.part", "w.bin.part.json"]);

  const { path: file } = await pullFrom(handler);
  assert.equal(readFileSync(file), BODY);
  assert.equal(ranges(), [undefined, "bytes=200000-"]);
});

test("starts over where the content changed between two calls", async () => {
  const changed = content(300_000, 7);
  const cut: Handler = (q, r, count) =>
    count === 1 ? sendFile(q, r, { body: BODY, etag: ETAG, cutAfter: HALF }) : r.writeHead(500).end();
  await failure(pullFrom(cut));
  await server!.close();
  const address = server!.url;
  server = await serve((q, r) => sendFile(q, r, { body: changed, etag: '"second"' }));
  // The record names the full address: the same file on the new port has to look like the same place.
  const record = path.join(folder, "models/w.bin.part.json");
  writeFileSync(record, readFileSync(record, "utf8").replace(address, server.url));

  const { path: file } = await pullFrom(() => {}, { sha256: sha256(changed) });
  assert.equal(readFileSync(file), changed);
  assert.equal(
    server.seen.map(({ range, ifRange }) => [range, ifRange]),
    [["bytes=200000-", ETAG]],
  );
});

test("a wrong checksum deletes the part and names both sums", async () => {
  const wanted = "0".repeat(64);
  const error = await failure(
    pullFrom((q, r) => sendFile(q, r, { body: BODY, etag: ETAG }), { sha256: wanted }),
  );
  assert.is(error.code, "checksum");
  assert.match(error.message, sha256(BODY));
  assert.match(error.message, wanted);
  assert.equal(stored(), []);
});

test("a published beginning of a sum is checked as such", async () => {
  const handler: Handler = (q, r) => sendFile(q, r, { body: BODY });
  const { checked } = await pullFrom(handler, { sha256: sha256(BODY).slice(0, 8) });
  assert.is(checked, "sha256-prefix");
  rmSync(path.join(folder, "models/w.bin"));
  assert.is((await failure(pullFrom(handler, { sha256: "00000000" }))).code, "checksum");
  for (const useless of ["", "abc", `${"0".repeat(64)}1`])
    assert.is((await failure(pullFrom(handler, { sha256: useless }))).code, "no_checksum");
});

test("a missing file is told at once", async () => {
  const error = await failure(pullFrom((_q, r) => r.writeHead(404).end()));
  assert.is(error.code, "http_status");
  assert.match(error.message, "HTTP 404");
  assert.is(server!.seen.length, 1);
  assert.equal(stored(), []);
});

test("a busy server is asked again, five times in all", async () => {
  const busy: Handler = (q, r, count) =>
    count <= 2
      ? r.writeHead(count === 1 ? 503 : 429, { "retry-after": "0" }).end()
      : sendFile(q, r, { body: BODY });
  assert.is((await pullFrom(busy)).status, "downloaded");
  assert.is(server!.seen.length, 3);
  await server!.close();
  server = undefined;
  rmSync(path.join(folder, "models/w.bin"));
  const error = await failure(pullFrom((_q, r) => r.writeHead(503).end()));
  assert.equal([error.code, server!.seen.length], ["network", 5]);
});

test("nobody listening is a network error that says so", async () => {
  const error = await failure(pullFrom(() => {}, {}, { baseUrl: "http://127.0.0.1:1" }));
  assert.is(error.code, "network");
  assert.match(error.message, /ECONNREFUSED|bad port/);
});

test("a silent connection counts as cut", async () => {
  server = await serve((q, r, count) => {
    if (count > 1) return sendFile(q, r, { body: BODY, etag: ETAG });
    r.writeHead(200, { etag: ETAG, "content-length": BODY.length });
    r.write(BODY.subarray(0, HALF));
  });
  const target = path.join(folder, "w.bin");
  const retries: string[] = [];
  await download(`${server.url}/w.bin`, target, {
    sha256: sha256(BODY),
    maxBytes: 1_000_000,
    idleMs: 150,
    backoffMs: 1,
    onRetry: (why) => retries.push(why),
  });
  assert.equal(readFileSync(target), BODY);
  assert.equal(retries, ["no data for too long"]);
  assert.equal(ranges(), [undefined, "bytes=200000-"]);
});

test("more bytes than expected are refused, announced or not", async () => {
  const announced = await failure(pullFrom((q, r) => sendFile(q, r, { body: BODY }), { maxBytes: 1000 }));
  assert.is(announced.code, "too_large");
  await server!.close();
  server = undefined;
  const endless: Handler = (_q, r) => {
    const more = setInterval(() => r.write(content(50_000)), 1);
    r.on("close", () => clearInterval(more));
  };
  assert.is((await failure(pullFrom(endless, { maxBytes: 200_000 }))).code, "too_large");
  assert.not.ok(stored().includes("w.bin"));
});

test("a length that is not the published one is refused before the download", async () => {
  const error = await failure(pullFrom((q, r) => sendFile(q, r, { body: BODY }), { bytes: 399_999 }));
  assert.is(error.code, "wrong_length");
});

test("a re-encoded answer is refused", async () => {
  const handler: Handler = (_q, r) => r.writeHead(200, { "content-encoding": "gzip" }).end(BODY);
  assert.is((await failure(pullFrom(handler))).code, "network");
});

test("a part that is already whole is checked and taken", async () => {
  const handler: Handler = (q, r) => sendFile(q, r, { body: BODY, etag: ETAG });
  server = await serve(handler);
  await mkdir(path.join(folder, "models"));
  const record = { url: `${server.url}/release/w.bin`, etag: ETAG };
  writeFileSync(path.join(folder, "models/w.bin.part"), BODY);
  writeFileSync(path.join(folder, "models/w.bin.part.json"), JSON.stringify(record));
  assert.is((await pullFrom(handler)).status, "downloaded");
  assert.equal(ranges(), ["bytes=400000-"]);
  assert.equal(stored(), ["w.bin"]);
});

test("calls at the same time download once", async () => {
  const handler: Handler = (q, r) => void setTimeout(() => sendFile(q, r, { body: BODY, etag: ETAG }), 100);
  server = await serve(handler);
  const pulled = await Promise.all([pullFrom(handler), pullFrom(handler), pullFrom(handler)]);
  assert.equal(pulled.map(({ status }) => status).sort(), ["downloaded", "present", "present"]);
  assert.is(server.seen.length, 1);
  assert.equal(stored(), ["w.bin"]);
});

test("a lock left by a crash is taken over", async () => {
  await mkdir(path.join(folder, "models"));
  const lock = path.join(folder, "models/w.bin.lock");
  writeFileSync(lock, "");
  const longAgo = new Date(Date.now() - 60_000);
  utimesSync(lock, longAgo, longAgo);
  assert.is((await pullFrom((q, r) => sendFile(q, r, { body: BODY }))).status, "downloaded");
  assert.equal(stored(), ["w.bin"]);
});

test("the hub's own sum is used where none is published, before any redirect", async () => {
  const hub =
    (sum: string): Handler =>
    (q, r) => {
      if (q.url === "/release/w.bin" && q.method === "HEAD")
        return void r.writeHead(307, { location: "/moved/w.bin" }).end();
      if (q.url === "/moved/w.bin" && q.method === "HEAD")
        return void r.writeHead(302, { location: "/cdn", etag: '"0123"', "x-linked-etag": `"${sum}"` }).end();
      if (q.url === "/release/w.bin") return void r.writeHead(302, { location: "/cdn" }).end();
      sendFile(q, r, { body: BODY, etag: ETAG });
    };
  const { checked, status } = await pullFrom(hub(sha256(BODY)), { sha256: "from-hub" });
  assert.equal([checked, status], ["hub", "downloaded"]);
  await server!.close();
  server = undefined;
  rmSync(path.join(folder, "models/w.bin"));
  assert.is((await failure(pullFrom(hub("f".repeat(64)), { sha256: "from-hub" }))).code, "checksum");
});

test("a hub that tells no sum is refused", async () => {
  const error = await failure(
    pullFrom((q, r) => sendFile(q, r, { body: BODY, etag: ETAG }), { sha256: "from-hub" }),
  );
  assert.is(error.code, "no_checksum");
  assert.equal(stored(), []);
});

test("a cache folder that cannot be made is told with the way out", async () => {
  const file = path.join(folder, "file");
  writeFileSync(file, "");
  const error = await failure(pullFrom((q, r) => sendFile(q, r, { body: BODY }), {}, { cacheDir: file }));
  assert.is(error.code, "disk");
  assert.match(error.message, "INCTRL_CACHE");
});

test("an unknown name lists the known ones", async () => {
  const error = await failure(pull("vit-z"));
  assert.is(error.code, "unknown_model");
  assert.match(error.message, "vit-b-16-plus-240-laion400m-e32");
});

test.run();
