import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { connectAsync, type MqttClient } from "mqtt";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { mqtt, ServerError, type Sink } from "../../src/index.js";

const PATHS = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/usr/local/sbin` };
const there = spawnSync("mosquitto", ["-h"], { env: PATHS }).error === undefined;
const test = suite("mqtt", { folder: "", port: 0 });
const signal = new AbortController().signal;
const entry = (id: string) => ({ id, kind: "part", time: "2026-01-02T03:04:05Z" }) as const;
const LOGIN = { user: "watch", password: "secret", timeoutMs: 2000 };

test.before(async (context) => {
  context.folder = await mkdtemp(join(tmpdir(), "inctrl-mqtt-"));
  // The broker gives up the rights of root before it reads its files.
  chmodSync(context.folder, 0o755);
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  context.port = (server.address() as AddressInfo).port;
  server.close();
});
test.after(({ folder }) => rm(folder, { recursive: true }));

/** Starts a broker that knows one user. @param more lines of its configuration. */
async function broker(
  folder: string,
  port: number,
  ...more: string[]
): Promise<ChildProcess & AsyncDisposable> {
  const [users, config] = ["users", "mosquitto.conf"].map((name) => join(folder, name));
  spawnSync("mosquitto_passwd", ["-b", "-c", users, "watch", "secret"], { env: PATHS });
  chmodSync(users, 0o644);
  const lines = [`listener ${port} 127.0.0.1`, "allow_anonymous false", `password_file ${users}`, ...more];
  writeFileSync(config, `${lines.join("\n")}\n`);
  const child = spawn("mosquitto", ["-c", config], { stdio: "ignore", env: PATHS });
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  };
  return Object.assign(child, { [Symbol.asyncDispose]: stop });
}

/** Makes an authority, another one, and a certificate for 127.0.0.1 that the first has signed. @returns their files. */
function certificates(folder: string) {
  const files = (name: string) => ({ key: join(folder, `${name}.key`), pem: join(folder, `${name}.pem`) });
  const make = (name: string, ...more: string[]) => {
    const { key, pem } = files(name);
    const common = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    const made = spawnSync("openssl", [
      ...[...common, "-days", "2", "-subj", `/CN=${name}`, "-keyout", key, "-out", pem],
      ...more,
    ]);
    assert.is(made.status, 0, String(made.stderr));
    // The broker reads them without the rights of root.
    chmodSync(key, 0o644);
    return { key, pem };
  };
  const authority = make("authority");
  const signed = ["-CA", authority.pem, "-CAkey", authority.key, "-addext", "basicConstraints=CA:FALSE"];
  const server = make("broker", ...signed, "-addext", "subjectAltName=IP:127.0.0.1");
  return { authority, other: make("another"), server };
}

/** What is published, from now on. */
async function observe(
  port: number,
  { protocol = "mqtt", ca }: { protocol?: string; ca?: Buffer } = {},
): Promise<{ seen: string[]; client: MqttClient }> {
  const seen: string[] = [];
  for (let tries = 0; ; tries++) {
    const login = { username: "watch", password: "secret", reconnectPeriod: 0, connectTimeout: 2000, ca };
    const client = await connectAsync(`${protocol}://127.0.0.1:${port}`, login, false).catch(() => null);
    if (client === null) {
      assert.ok(tries < 100, "the broker does not start");
      await setTimeout(50);
      continue;
    }
    client.on("message", (topic, payload) => seen.push(`${topic} ${payload}`));
    await client.subscribeAsync("line/#", { qos: 1 });
    return { seen, client };
  }
}

/** Closes it when a test ends, also one that fails: a client that looks for its broker keeps the process alive. */
const closing = (sink: Sink) => Object.assign(sink, { [Symbol.asyncDispose]: () => sink.close() });

async function until(what: string, check: () => boolean): Promise<void> {
  for (let tries = 0; !check(); tries++) {
    assert.ok(tries < 500, `${what} did not come`);
    await setTimeout(20);
  }
}

const withBroker = there ? test : test.skip;
if (!there) console.log("skipped: mosquitto is not installed");

withBroker("entries are published as JSON, and status says online and offline", async ({ folder, port }) => {
  await using _ = await broker(folder, port);
  const { seen, client } = await observe(port);
  await using sink = closing(mqtt({ url: `mqtt://127.0.0.1:${port}/line/1`, ...LOGIN }));
  assert.is(await sink.send(entry("a"), signal), true);
  assert.is(await sink.send({ ...entry("b"), kind: "drift" }, signal), true);
  await sink.close();
  await until("offline", () => seen.includes("line/1/status offline"));
  await client.endAsync(true);
  assert.ok(seen.includes(`line/1/part ${JSON.stringify(entry("a"))}`), seen.join());
  assert.ok(seen.includes(`line/1/drift ${JSON.stringify({ ...entry("b"), kind: "drift" })}`));
  assert.is(seen.filter((each) => each === "line/1/status online").length, 1);
});

withBroker("the last will says offline of a process that was killed", async ({ folder, port }) => {
  await using _ = await broker(folder, port);
  const { seen, client } = await observe(port);
  const file = fileURLToPath(new URL("../support/mqtt-child.ts", import.meta.url));
  const child = spawn(process.execPath, [...process.execArgv, file, `mqtt://127.0.0.1:${port}/line/2`]);
  using _killed = { [Symbol.dispose]: () => void child.kill("SIGKILL") };
  await once(child.stdout, "data");
  child.kill("SIGKILL");
  await until("the will", () => seen.includes("line/2/status offline"));
  await client.endAsync(true);
});

withBroker(
  "a broker that dies is a failure, and it is found again when it is back",
  async ({ folder, port }) => {
    await using sink = closing(mqtt({ url: `mqtt://127.0.0.1:${port}/line/3`, ...LOGIN }));
    const failed = () =>
      sink.send(entry("lost"), signal).then(
        () => null,
        ({ message }: Error) => message,
      );
    assert.match((await failed()) ?? "it was taken", /ECONNREFUSED/);
    {
      await using _ = await broker(folder, port);
      await until("the broker", () => true);
      const { client } = await observe(port);
      assert.is(await sink.send(entry("a"), signal), true);
      await client.endAsync(true);
    }
    assert.type(await failed(), "string");
    await using _ = await broker(folder, port);
    const { seen, client } = await observe(port);
    assert.is(await sink.send(entry("b"), signal), true);
    await until("b", () => seen.some((each) => each.includes('"id":"b"')));
    await client.endAsync(true);
  },
);

withBroker("a wrong password is a failure that does not tell it", async ({ folder, port }) => {
  await using _ = await broker(folder, port);
  const { client } = await observe(port);
  await client.endAsync(true);
  await using sink = closing(mqtt({ url: `mqtt://127.0.0.1:${port}/line/4`, ...LOGIN, password: "wrong" }));
  const failure = await sink.send(entry("a"), signal).then(
    () => null,
    ({ message }: Error) => message,
  );
  assert.match(failure ?? "it was taken", /[Nn]ot authorized/);
  assert.not.match(failure!, "wrong");
});

const withTls = there && spawnSync("openssl", ["version"]).status === 0 ? test : test.skip;

withTls("a broker by mqtts is believed by its authority and its name alone", async ({ folder, port }) => {
  const { authority, other, server } = certificates(folder);
  await using _ = await broker(folder, port, `certfile ${server.pem}`, `keyfile ${server.key}`);
  const ca = readFileSync(authority.pem);
  const { seen, client } = await observe(port, { protocol: "mqtts", ca });
  const tell = async (host: string, pem: string | undefined) => {
    await using sink = closing(mqtt({ url: `mqtts://${host}:${port}/line/5`, ...LOGIN, ca: pem }));
    return await sink.send(entry("tls"), signal).then(
      (taken) => (taken ? "taken" : "refused"),
      ({ message }: Error) => message,
    );
  };
  const unknown = /unable to (verify|get)|self.signed/i;
  assert.match(await tell("127.0.0.1", readFileSync(other.pem, "utf8")), unknown);
  assert.match(await tell("127.0.0.1", undefined), unknown);
  assert.match(await tell("localhost", String(ca)), /does not match certificate's altnames/);
  assert.equal(seen, [], "nobody was told anything before the broker was believed");
  assert.is(await tell("127.0.0.1", String(ca)), "taken");
  await until("offline", () => seen.includes("line/5/status offline"));
  await client.endAsync(true);
  assert.ok(seen.includes(`line/5/part ${JSON.stringify(entry("tls"))}`), seen.join());
});

test("addresses of other kinds are refused", () => {
  assert.throws(
    () => mqtt({ url: "http://host/" }),
    (error: unknown) => error instanceof ServerError && error.code === "sink",
  );
});

test.run();
