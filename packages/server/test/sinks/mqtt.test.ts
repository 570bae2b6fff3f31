import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { connectAsync, type MqttClient } from "mqtt";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { mqtt, ServerError } from "../../src/index.js";

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

/** Starts a broker that knows one user. */
async function broker(folder: string, port: number): Promise<ChildProcess & AsyncDisposable> {
  const [users, config] = ["users", "mosquitto.conf"].map((name) => join(folder, name));
  spawnSync("mosquitto_passwd", ["-b", "-c", users, "watch", "secret"], { env: PATHS });
  chmodSync(users, 0o644);
  writeFileSync(config, `listener ${port} 127.0.0.1\nallow_anonymous false\npassword_file ${users}\n`);
  const child = spawn("mosquitto", ["-c", config], { stdio: "ignore", env: PATHS });
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  };
  return Object.assign(child, { [Symbol.asyncDispose]: stop });
}

/** What is published, from now on. */
async function observe(port: number): Promise<{ seen: string[]; client: MqttClient }> {
  const seen: string[] = [];
  for (let tries = 0; ; tries++) {
    const login = { username: "watch", password: "secret", reconnectPeriod: 0, connectTimeout: 2000 };
    const client = await connectAsync(`mqtt://127.0.0.1:${port}`, login, false).catch(() => null);
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
  const sink = mqtt({ url: `mqtt://127.0.0.1:${port}/line/1`, ...LOGIN });
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
  await once(child.stdout, "data");
  child.kill("SIGKILL");
  await until("the will", () => seen.includes("line/2/status offline"));
  await client.endAsync(true);
});

withBroker(
  "a broker that dies is a failure, and it is found again when it is back",
  async ({ folder, port }) => {
    const sink = mqtt({ url: `mqtt://127.0.0.1:${port}/line/3`, ...LOGIN });
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
    await sink.close();
  },
);

withBroker("a wrong password is a failure that does not tell it", async ({ folder, port }) => {
  await using _ = await broker(folder, port);
  const { client } = await observe(port);
  await client.endAsync(true);
  const sink = mqtt({ url: `mqtt://127.0.0.1:${port}/line/4`, ...LOGIN, password: "wrong" });
  const failure = await sink.send(entry("a"), signal).then(
    () => null,
    ({ message }: Error) => message,
  );
  await sink.close();
  assert.match(failure ?? "it was taken", /[Nn]ot authorized/);
  assert.not.match(failure!, "wrong");
});

test("addresses of other kinds are refused", () => {
  assert.throws(
    () => mqtt({ url: "http://host/" }),
    (error: unknown) => error instanceof ServerError && error.code === "sink",
  );
});

test.run();
