import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { download } from "../../src/hub/download.js";
import { type PullOptions, pull } from "../../src/hub/pull.js";
import { content, sendFile, sha256 } from "./file-server.js";
import { BODY, ETAG, failure, type Handler, Pulling } from "./pulling.js";

const HALF = 200_000;
const hub = new Pulling(test);

test("a file is downloaded and checked once, and found the second time", async () => {
  const steps: number[] = [];
  const onProgress: PullOptions["onProgress"] = (_file, { received, total }) => {
    steps.push(received);
    assert.is(total, BODY.length);
  };
  const first = await hub.pull((q, r) => sendFile(q, r, { body: BODY, etag: ETAG }), {}, { onProgress });
  assert.equal(
    [first.status, first.checked, first.sha256, first.bytes],
    ["downloaded", "sha256", sha256(BODY), BODY.length],
  );
  assert.equal(readFileSync(first.path), BODY);
  assert.equal(hub.stored(), ["w.bin"]);
  assert.is(steps[0], 0);
  assert.is(steps.at(-1), BODY.length);
  assert.equal(
    steps,
    [...steps].sort((a, b) => a - b),
  );

  const second = await hub.pull(() => assert.unreachable());
  assert.is(second.status, "present");
  assert.is(hub.server!.seen.length, 1);
  assert.equal(hub.server!.seen[0].path, "/release/w.bin");
});

test("a cut download resumes, also when its range request is cut again", async () => {
  const retries: string[] = [];
  const cuts = [HALF, 100_000];
  const { path: file } = await hub.pull(
    (q, r, count) => sendFile(q, r, { body: BODY, etag: ETAG, cutAfter: cuts[count - 1] }),
    {},
    { onRetry: (_file, why) => retries.push(why) },
  );
  assert.equal(readFileSync(file), BODY);
  assert.equal(hub.ranges(), [undefined, "bytes=200000-", "bytes=300000-"]);
  assert.equal(
    hub.server!.seen.slice(1).map(({ ifRange }) => ifRange),
    [ETAG, ETAG],
  );
  assert.is(retries.length, 2);
  assert.match(retries[0], "connection cut after 200000");
  assert.equal(hub.stored(), ["w.bin"]);
});

test("a server that sends a part of the rest is asked for more", async () => {
  const { path: file } = await hub.pull((q, r, count) => {
    if (count !== 2)
      return sendFile(q, r, { body: BODY, etag: ETAG, cutAfter: count === 1 ? HALF : undefined });
    const headers = { etag: ETAG, "content-range": "bytes 200000-249999/400000", "content-length": 50_000 };
    r.writeHead(206, headers).end(BODY.subarray(HALF, 250_000));
  });
  assert.equal(readFileSync(file), BODY);
  assert.equal(hub.ranges(), [undefined, "bytes=200000-", "bytes=250000-"]);
});

test("a download starts over where the server ignores ranges", async () => {
  const { path: file } = await hub.pull((q, r, count) =>
    sendFile(q, r, { body: BODY, etag: ETAG, ranges: false, cutAfter: count === 1 ? HALF : undefined }),
  );
  assert.equal(readFileSync(file), BODY);
  assert.equal(hub.ranges(), [undefined, "bytes=200000-"]);
});

test("a download starts over where no strong ETag confirms the content", async () => {
  for (const etag of [undefined, 'W/"weak"']) {
    const { path: file } = await hub.pull((q, r, count) =>
      sendFile(q, r, { body: BODY, etag, cutAfter: count === 1 ? HALF : undefined }),
    );
    assert.equal(readFileSync(file), BODY);
    assert.equal(hub.ranges(), [undefined, undefined]);
    rmSync(file);
    await hub.close();
  }
});

test("a second call resumes what a stopped one left", async () => {
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
  const stopped = await failure(hub.pull(handler, {}, { signal: controller.signal, onProgress }));
  assert.is(stopped.code, "aborted");
  assert.equal(hub.stored(), ["w.bin.part", "w.bin.part.json"]);

  const { path: file } = await hub.pull(handler);
  assert.equal(readFileSync(file), BODY);
  assert.equal(hub.ranges(), [undefined, "bytes=200000-"]);
});

test("a download starts over where the content changed between two calls", async () => {
  const changed = content(300_000, 7);
  const cut: Handler = (q, r, count) =>
    count === 1 ? sendFile(q, r, { body: BODY, etag: ETAG, cutAfter: HALF }) : r.writeHead(500).end();
  await failure(hub.pull(cut));
  await hub.server!.close();
  const address = hub.server!.url;
  await hub.start((q, r) => sendFile(q, r, { body: changed, etag: '"second"' }));
  // The record names the full address: the same file on the new port has to look like the same place.
  const record = path.join(hub.folder, "models/w.bin.part.json");
  writeFileSync(record, readFileSync(record, "utf8").replace(address, hub.server!.url));

  const { path: file } = await hub.pull(() => {}, { sha256: sha256(changed) });
  assert.equal(readFileSync(file), changed);
  assert.equal(
    hub.server!.seen.map(({ range, ifRange }) => [range, ifRange]),
    [["bytes=200000-", ETAG]],
  );
});

test("a missing file is an error without retries", async () => {
  const error = await failure(hub.pull((_q, r) => r.writeHead(404).end()));
  assert.is(error.code, "http-status");
  assert.match(error.message, "HTTP 404");
  assert.is(hub.server!.seen.length, 1);
  assert.equal(hub.stored(), []);
});

test("a busy server is asked again, five times in all", async () => {
  const busy: Handler = (q, r, count) =>
    count <= 2
      ? r.writeHead(count === 1 ? 503 : 429, { "retry-after": "0" }).end()
      : sendFile(q, r, { body: BODY });
  assert.is((await hub.pull(busy)).status, "downloaded");
  assert.is(hub.server!.seen.length, 3);
  await hub.close();
  rmSync(path.join(hub.folder, "models/w.bin"));
  const error = await failure(hub.pull((_q, r) => r.writeHead(503).end()));
  assert.equal([error.code, hub.server!.seen.length], ["network", 5]);
});

test("a refused connection is a network error that says so", async () => {
  const error = await failure(hub.pull(() => {}, {}, { baseUrl: "http://127.0.0.1:1" }));
  assert.is(error.code, "network");
  assert.match(error.message, /ECONNREFUSED|bad port/);
});

test("a silent connection counts as cut", async () => {
  await hub.start((q, r, count) => {
    if (count > 1) return sendFile(q, r, { body: BODY, etag: ETAG });
    r.writeHead(200, { etag: ETAG, "content-length": BODY.length });
    r.write(BODY.subarray(0, HALF));
  });
  const target = path.join(hub.folder, "w.bin");
  const retries: string[] = [];
  await download(`${hub.server!.url}/w.bin`, target, {
    sha256: sha256(BODY),
    maxBytes: 1_000_000,
    idleMs: 150,
    backoffMs: 1,
    onRetry: (why) => retries.push(why),
  });
  assert.equal(readFileSync(target), BODY);
  assert.equal(retries, ["no data for too long"]);
  assert.equal(hub.ranges(), [undefined, "bytes=200000-"]);
});

test("a complete part is checked and used", async () => {
  const handler: Handler = (q, r) => sendFile(q, r, { body: BODY, etag: ETAG });
  await hub.start(handler);
  await mkdir(path.join(hub.folder, "models"));
  const record = { url: `${hub.server!.url}/release/w.bin`, etag: ETAG };
  writeFileSync(path.join(hub.folder, "models/w.bin.part"), BODY);
  writeFileSync(path.join(hub.folder, "models/w.bin.part.json"), JSON.stringify(record));
  assert.is((await hub.pull(handler)).status, "downloaded");
  assert.equal(hub.ranges(), ["bytes=400000-"]);
  assert.equal(hub.stored(), ["w.bin"]);
});

test("pipes in place of a part and its record are not waited for", async () => {
  if (process.platform === "win32") return;
  await mkdir(path.join(hub.folder, "models"));
  const part = path.join(hub.folder, "models/w.bin.part");
  execFileSync("mkfifo", [part, `${part}.json`]);
  const { status } = await hub.pull((q, r) => sendFile(q, r, { body: BODY, etag: ETAG }));
  assert.is(status, "downloaded");
  assert.equal(hub.stored(), ["w.bin"]);
});

test("simultaneous calls download once", async () => {
  const handler: Handler = (q, r) => void setTimeout(() => sendFile(q, r, { body: BODY, etag: ETAG }), 100);
  await hub.start(handler);
  const pulled = await Promise.all([hub.pull(handler), hub.pull(handler), hub.pull(handler)]);
  assert.equal(pulled.map(({ status }) => status).sort(), ["downloaded", "present", "present"]);
  assert.is(hub.server!.seen.length, 1);
  assert.equal(hub.stored(), ["w.bin"]);
});

test("a lock left by a crash is taken over", async () => {
  await mkdir(path.join(hub.folder, "models"));
  const lock = path.join(hub.folder, "models/w.bin.lock");
  writeFileSync(lock, "");
  const longAgo = new Date(Date.now() - 60_000);
  utimesSync(lock, longAgo, longAgo);
  assert.is((await hub.pull((q, r) => sendFile(q, r, { body: BODY }))).status, "downloaded");
  assert.equal(hub.stored(), ["w.bin"]);
});

test("what killed downloads left is removed, but for parts that may still be wanted", async () => {
  const models = path.join(hub.folder, "models");
  await mkdir(models);
  const old = new Date(Date.now() - 8 * 24 * 3_600_000);
  for (const name of ["a.lock", "a.part", "a.part.json", "b.part", "w.bin.part"]) {
    writeFileSync(path.join(models, name), "");
    if (name !== "b.part") utimesSync(path.join(models, name), old, old);
  }
  await hub.pull((q, r) => sendFile(q, r, { body: BODY }));
  assert.equal(hub.stored(), ["b.part", "w.bin"]);
});

test("a cache folder that cannot be made is an error that names INCTRL_CACHE", async () => {
  const file = path.join(hub.folder, "file");
  writeFileSync(file, "");
  const error = await failure(hub.pull((q, r) => sendFile(q, r, { body: BODY }), {}, { cacheDir: file }));
  assert.is(error.code, "disk");
  assert.match(error.message, "INCTRL_CACHE");
});

test("an unknown name lists the known ones", async () => {
  const error = await failure(pull("vit-z"));
  assert.is(error.code, "unknown-model");
  assert.match(error.message, "vit-b-16-plus-240-laion400m-e32");
});

test.run();
