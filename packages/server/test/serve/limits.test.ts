import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { encodePng } from "@inctrl/datasets";
import { get, halfRequest, metric, post, until } from "@inctrl/testing/http";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Served } from "../../src/serve/index.js";
import { type FakeService, fakeService, startFailure } from "../support/fake.js";

const folder = mkdtempSync(path.join(tmpdir(), "inctrl-server-"));
const tokenFile = path.join(folder, "tokens.txt");
const TOKEN = "a-token-of-some-length";
const bearer = { authorization: `Bearer ${TOKEN}` };
const fake: FakeService = {};
let served: Served;
test.before(async () => {
  writeFileSync(tokenFile, `# the line\n${TOKEN}\n`);
  const admission = { requests: 2, bytes: 150_000 };
  served = await fakeService(folder, fake, { tokenFile, admission, requestTimeoutMs: 1000, timeoutMs: 300 });
});
test.after(async () => {
  await served?.close();
  rmSync(folder, { recursive: true });
});
test.before.each(() => {
  delete fake.before;
});

/** A gray picture. */
const gray = (shade: number) => encodePng({ width: 8, height: 8, data: new Uint8Array(192).fill(shade) });
const score = (part: string, shade = 50) => post(served, `a/score?part=${part}`, gray(shade), bearer);
const room = () => served.room.requests;

test("without a token, or with another one, nothing is told but health", async () => {
  for (const authorization of ["", "Bearer another-token-altogether", TOKEN]) {
    const headers = { authorization };
    const { status, answer } = await post(served, "a/score", gray(1), headers);
    assert.equal([status, answer.verdict, answer.error.code], [401, "ERROR", "token"]);
    for (const where of ["/v1/products", "/metrics", "/v1/products/a/parts"])
      assert.is((await fetch(served.address + where, { headers })).status, 401, where);
  }
  for (const where of ["/livez", "/readyz", "/v2/health/live", "/docs/json"])
    assert.is((await fetch(served.address + where)).status, 200, where);
  assert.is((await score("token")).status, 200);
});

test("tokens are read again, and those before stay where the file cannot be used", async () => {
  writeFileSync(tokenFile, "short\n");
  await served.reload();
  assert.is((await get(served, "/v1/products", bearer)).status, 200);
  const other = "another-token-of-some-length";
  writeFileSync(tokenFile, `${TOKEN}\n${other}\n`);
  await served.reload();
  assert.is((await get(served, "/v1/products", { authorization: `Bearer ${other}` })).status, 200);
});

test("what does not fit is refused at once and told when to come again; a client that goes away gives its room back", async () => {
  const sockets = [1, 2].map(() => halfRequest(served, "a/score", bearer));
  await until(() => room() === 2, "two requests are in");
  const { status, headers, answer } = await score("full");
  assert.equal([status, answer.verdict, answer.error.code], [503, "ERROR", "full"]);
  assert.is(headers.get("retry-after"), "1");
  assert.is(await metric(served, "inctrl_refused_total", bearer), 1);
  for (const socket of sockets) socket.destroy();
  await until(() => room() === 0, "both gave their room back");
  assert.is((await score("full")).status, 200);
});

test("bodies have a bound together", async () => {
  const large = { ...bearer, "content-length": "90000" };
  const socket = halfRequest(served, "a/score", large);
  await until(() => room() === 1, "one is in");
  const second = halfRequest(served, "a/score", large);
  const [data] = await new Promise<Buffer[]>((resolve) => second.once("data", (bytes) => resolve([bytes])));
  assert.match(String(data), /^HTTP\/1.1 503 .*"code":"full"/s);
  socket.destroy();
  await until(() => room() === 0, "the room is free");
});

test("a body that does not come is not waited for", async () => {
  const socket = halfRequest(served, "a/score", bearer);
  let text = "";
  socket.on("data", (data) => {
    text += data;
  });
  await new Promise((resolve) => socket.once("close", resolve));
  assert.match(text, /^HTTP\/1.1 408 /);
  await until(() => room() === 0, "its room is given back");
});

test("a verdict that takes too long is an ERROR, and can be asked for later", async () => {
  let finish = () => {};
  fake.before = () => new Promise((resolve) => (finish = resolve));
  const late = await score("late");
  assert.equal([late.status, late.answer.verdict, late.answer.error.code], [503, "ERROR", "timeout"]);
  delete fake.before;
  finish();
  await until(async () => (await score("late")).status === 200, "it is scored");
  assert.is((await get(served, "/v1/products/a/parts/late", bearer)).answer.verdict, "OK");
});

test("a client that does not wait for its verdict finds it later", async () => {
  let finish = () => {};
  fake.before = () => new Promise((resolve) => (finish = resolve));
  const controller = new AbortController();
  const init = { method: "POST", headers: { ...bearer, "content-type": "image/png" }, body: gray(9) };
  const url = `${served.address}/v1/products/a/score?part=left`;
  const asked = fetch(url, { ...init, body: gray(9) as BodyInit, signal: controller.signal }).catch(
    () => "left",
  );
  await until(() => room() === 1, "it is in");
  controller.abort();
  assert.is(await asked, "left");
  delete fake.before;
  finish();
  await until(
    async () => (await get(served, "/v1/products/a/parts/left", bearer)).status === 200,
    "it is kept",
  );
  assert.is(room(), 0);
});

test("more connections than are allowed are closed, and the others go on", async () => {
  await using narrow = await fakeService(folder, {}, { maxConnections: 2 });
  const first = halfRequest(narrow, "a/score");
  await until(() => narrow.room.requests === 1, "one is in");
  assert.is((await post(narrow, "a/score?part=1", gray(1))).status, 200);
  const third = halfRequest(narrow, "a/score");
  await new Promise((resolve) => third.once("close", resolve));
  assert.is(narrow.room.requests, 1, "it was closed unread");
  first.destroy();
  await until(() => narrow.room.requests === 0, "the room is free");
});

test("an open address needs tokens, or a word that it needs none", async () => {
  const refused = async (more: object, code: string, message: RegExp) => {
    const error = await startFailure(folder, {}, { host: "0.0.0.0", ...more });
    assert.is(error?.code, code);
    assert.match(error.message, message);
  };
  await refused({}, "options", /others on the network/);
  await refused({ tokenFile: path.join(folder, "absent") }, "token-file", /cannot be read \(ENOENT\)/);
  await refused({ withoutToken: true, products: folder }, "products", /no bank in it/);
  const { port } = new URL(served.address);
  await refused({ host: "127.0.0.1", port: Number(port) }, "address", /EADDRINUSE/);
});

test.run();
