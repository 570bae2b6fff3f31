import { readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { content, sendFile, sha256 } from "./file-server.js";
import { BODY, ETAG, failure, type Handler, Pulling } from "./pulling.js";

const hub = new Pulling(test);

test("a wrong checksum deletes the part and names both sums", async () => {
  const wanted = "0".repeat(64);
  const error = await failure(
    hub.pull((q, r) => sendFile(q, r, { body: BODY, etag: ETAG }), { sha256: wanted }),
  );
  assert.is(error.code, "checksum");
  assert.match(error.message, sha256(BODY));
  assert.match(error.message, wanted);
  assert.equal(hub.stored(), []);
});

test("a published beginning of a sum is checked as such", async () => {
  const handler: Handler = (q, r) => sendFile(q, r, { body: BODY });
  const { checked } = await hub.pull(handler, { sha256: sha256(BODY).slice(0, 8) });
  assert.is(checked, "sha256-prefix");
  rmSync(path.join(hub.folder, "models/w.bin"));
  assert.is((await failure(hub.pull(handler, { sha256: "00000000" }))).code, "checksum");
  for (const useless of ["", "abc", `${"0".repeat(64)}1`])
    assert.is((await failure(hub.pull(handler, { sha256: useless }))).code, "no-checksum");
});

test("a file that is there already is held against its sum, and left alone where it differs", async () => {
  const handler: Handler = (q, r) => sendFile(q, r, { body: BODY, etag: `"${sha256(BODY)}"` });
  const { path: file } = await hub.pull(handler);
  const sums = [sha256(BODY), sha256(BODY).slice(0, 8), "from-hub"];
  for (const sum of sums) {
    const { status, checked, ...found } = await hub.pull(handler, { sha256: sum });
    assert.equal([status, found.sha256], ["present", sha256(BODY)]);
    assert.is(checked, sum === "from-hub" ? "hub" : sum.length === 64 ? "sha256" : "sha256-prefix");
  }
  const other = BODY.subarray(1);
  writeFileSync(file, other);
  for (const sum of sums) {
    const { code, message } = await failure(hub.pull(handler, { sha256: sum }));
    assert.is(code, "checksum");
    for (const part of [file, sha256(other), "delete it and pull again"]) assert.match(message, part);
  }
  assert.equal(readFileSync(file), other);
  // Without a network a file can be used all the same; that it was not checked is said.
  const alone = await hub.pull(handler, { sha256: "from-hub" }, { baseUrl: "http://127.0.0.1:1" });
  assert.equal([alone.status, alone.checked], ["present", null]);
  assert.match(alone.unchecked!, /ECONNREFUSED|bad port/);
});

test("more bytes than expected are refused, announced or not", async () => {
  const announced = await failure(hub.pull((q, r) => sendFile(q, r, { body: BODY }), { maxBytes: 1000 }));
  assert.is(announced.code, "too-large");
  await hub.close();
  const endless: Handler = (_q, r) => {
    const more = setInterval(() => r.write(content(50_000)), 1);
    r.on("close", () => clearInterval(more));
  };
  assert.is((await failure(hub.pull(endless, { maxBytes: 200_000 }))).code, "too-large");
  assert.not.ok(hub.stored().includes("w.bin"));
});

test("a length that is not the published one is refused before the download", async () => {
  const error = await failure(hub.pull((q, r) => sendFile(q, r, { body: BODY }), { bytes: 399_999 }));
  assert.is(error.code, "wrong-length");
});

test("a re-encoded answer is refused", async () => {
  const handler: Handler = (_q, r) => r.writeHead(200, { "content-encoding": "gzip" }).end(BODY);
  assert.is((await failure(hub.pull(handler))).code, "network");
});

test("the hub's own sum is used where none is published, before any redirect", async () => {
  const answers =
    (sum: string): Handler =>
    (q, r) => {
      if (q.url === "/release/w.bin" && q.method === "HEAD")
        return void r.writeHead(307, { location: "/moved/w.bin" }).end();
      if (q.url === "/moved/w.bin" && q.method === "HEAD")
        return void r.writeHead(302, { location: "/cdn", etag: '"0123"', "x-linked-etag": `"${sum}"` }).end();
      if (q.url === "/release/w.bin") return void r.writeHead(302, { location: "/cdn" }).end();
      sendFile(q, r, { body: BODY, etag: ETAG });
    };
  const { checked, status } = await hub.pull(answers(sha256(BODY)), { sha256: "from-hub" });
  assert.equal([checked, status], ["hub", "downloaded"]);
  await hub.close();
  rmSync(path.join(hub.folder, "models/w.bin"));
  assert.is((await failure(hub.pull(answers("f".repeat(64)), { sha256: "from-hub" }))).code, "checksum");
});

test("a hub without a sum is refused", async () => {
  const error = await failure(
    hub.pull((q, r) => sendFile(q, r, { body: BODY, etag: ETAG }), { sha256: "from-hub" }),
  );
  assert.is(error.code, "no-checksum");
  assert.equal(hub.stored(), []);
});

test.run();
