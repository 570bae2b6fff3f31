import { createHash } from "node:crypto";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { serveStatus } from "../../src/queue/page.js";
import type { RunStatus } from "../../src/queue/status.js";

const worker = { id: "<b>host</b>-7", host: "h", pid: 7, run: "run", chunk: "c000003" };
const status: RunStatus = {
  ...{ run: "archive", images: 2000, chunks: 40, done: 10, rate: 12.5, secondsLeft: 7200 },
  queue: { waiting: 28, active: 2, delayed: 1, failed: 3 },
  workers: [{ ...worker, images: 500, failed: 4, rate: 12.5, at: Date.now() }],
};
const rows = (n: number) => `${n} images`;
const free = { host: "127.0.0.1", port: 0 };

test("a page tells counts, workers and time left, asks again by itself, and may do nothing else", async () => {
  await using page = await serveStatus(async () => status, rows, free);
  const at = `http://127.0.0.1:${page.port}/`;
  const answer = await fetch(at);
  const text = await answer.text();
  for (const words of [
    '<progress value="10" max="40">',
    "10 of 40 chunks of 2000 images done; 12.5 a second; about 2.0 h left.",
    "28 waiting, 2 in work, 1 to be tried again, 3 given up",
    '<meta http-equiv="refresh" content="5">',
    "<td>c000003</td><td>500</td><td>4</td><td>12.5</td>",
  ])
    assert.match(text, words);
  assert.match(text, "&#60;b&#62;host&#60;/b&#62;-7", "what a worker calls itself is text");
  assert.not.match(text, /<script|<b>|https?:/);
  const style = /<style>(.*?)<\/style>/s.exec(text)?.[1] as string;
  const policy = answer.headers.get("content-security-policy") as string;
  assert.match(policy, /^default-src 'none'; style-src 'sha256-/);
  assert.match(policy, createHash("sha256").update(style).digest("base64"));
  assert.equal(await (await fetch(`${at}status.json`)).json(), status);
  assert.is((await fetch(`${at}other`)).status, 404);
  assert.is((await fetch(at, { method: "POST" })).status, 404);
});

test("where the state cannot be read the page says so, and still asks again", async () => {
  await using page = await serveStatus(() => Promise.reject(new Error("secret")), rows, free);
  const answer = await fetch(`http://127.0.0.1:${page.port}/`);
  const text = await answer.text();
  assert.is(answer.status, 503);
  assert.match(text, "do not answer");
  assert.match(text, "refresh");
  assert.not.match(text, "secret");
});

test.run();
