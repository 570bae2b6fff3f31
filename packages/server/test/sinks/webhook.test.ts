import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { webhook } from "../../src/index.js";

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void;

/** A server that answers as it is told, and the address of a hook on it. */
async function receiver(answer: Answer): Promise<{ url: string; server: Server } & AsyncDisposable> {
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const piece of request) body += piece;
    answer(request, response, body);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    ...{ url: `http://127.0.0.1:${port}/hook`, server },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

const ENTRY = { id: "a1", kind: "part", time: "2026-01-02T03:04:05Z", verdict: "NG" } as const;
const signal = new AbortController().signal;

const status =
  (code: number, headers: Record<string, string> = {}): Answer =>
  (_, response) => {
    response.writeHead(code, headers).end("text");
  };

const fails = async (url: string, words: RegExp): Promise<void> => {
  const error = await webhook({ url, timeoutMs: 200 })
    .send(ENTRY, signal)
    .then(
      () => null,
      (failed: Error) => failed,
    );
  assert.match(error?.message ?? "it was taken", words);
};

test("an entry is posted as JSON, with its id and the HMAC of its bytes", async () => {
  let seen: { headers: IncomingMessage["headers"]; body: string } | undefined;
  await using hook = await receiver(({ headers }, response, body) => {
    seen = { headers, body };
    response.writeHead(204).end();
  });
  assert.is(await webhook({ url: hook.url, secret: "key" }).send(ENTRY, signal), true);
  assert.equal(JSON.parse(seen!.body), ENTRY);
  assert.is(seen!.headers["idempotency-key"], "a1");
  const want = createHmac("sha256", "key").update(seen!.body).digest("hex");
  assert.is(seen!.headers["x-inctrl-signature"], `sha256=${want}`);
  assert.not.match(JSON.stringify(seen), '"key"');
});

test("without a key nothing is signed", async () => {
  let headers: IncomingMessage["headers"] = {};
  await using hook = await receiver((request, response) => {
    headers = request.headers;
    response.end();
  });
  await webhook({ url: hook.url }).send(ENTRY, signal);
  assert.is(headers["x-inctrl-signature"], undefined);
});

test("a body that will never be taken is refused, and all other answers are failures", async () => {
  for (const code of [400, 413, 422]) {
    await using hook = await receiver(status(code));
    assert.is(await webhook({ url: hook.url }).send(ENTRY, signal), false, `${code}`);
  }
  for (const code of [401, 404, 429, 500, 503]) {
    await using hook = await receiver(status(code));
    await fails(hook.url, new RegExp(`answers ${code}`));
  }
});

test("a redirect is a failure: the body goes nowhere else", async () => {
  let elsewhere = 0;
  await using other = await receiver((_, response) => {
    elsewhere++;
    response.end();
  });
  await using hook = await receiver(status(307, { location: other.url }));
  await fails(hook.url, /answers 307/);
  assert.is(elsewhere, 0);
});

test("one that hangs, one that breaks off and one that is gone are failures", async () => {
  await using hanging = await receiver(() => {});
  await fails(hanging.url, /cannot be reached/);
  await using broken = await receiver((request) => request.socket.destroy());
  await fails(broken.url, /cannot be reached/);
  await broken[Symbol.asyncDispose]();
  await fails(broken.url, /ECONNREFUSED/);
});

test("an answer without an end is not waited for", async () => {
  await using hook = await receiver((_, response) => {
    response.writeHead(200);
    const timer = setInterval(() => response.write("x".repeat(1000)), 5);
    response.on("close", () => clearInterval(timer));
  });
  assert.is(await webhook({ url: hook.url, timeoutMs: 5000 }).send(ENTRY, signal), true);
});

test("addresses with passwords and of other kinds are refused", () => {
  for (const url of ["ftp://host/", "host", "http://user:secret@host/"]) {
    try {
      webhook({ url });
      assert.unreachable(url);
    } catch (error) {
      assert.is((error as { code: string }).code, "sink", url);
      assert.not.match((error as Error).message, "secret");
    }
  }
});

test.run();
