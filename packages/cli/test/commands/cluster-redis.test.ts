import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { createRun, folderStore, missingChunks, writeManifest } from "@inctrl/cluster";
import { addMessages, messagesOf, openQueue, runWorker } from "@inctrl/cluster/queue";
import { freePort, hasRedis, RedisServer } from "@inctrl/testing/redis";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { redisPlace } from "../../src/cluster/redis.js";
import { withEnv } from "../support/capture.js";
import { cli, failsWith, temporaryFolder } from "../support/cli.js";

const test = suite("Redis of cluster", temporaryFolder());
test.after(({ remove }) => remove());
const SECRET = "correct-horse-battery-7";
const facts = { version: "1", model: "m", bank: "b", heads: null, calibration: null, options: {} };

/** A run of four images in two chunks, whose scores are nothing. */
async function makeRun(folder: string) {
  const store = folderStore(join(folder, "runs/run"));
  const { chunks, images, sha256 } = await writeManifest(store, ["a", "b", "c", "d"], 2);
  await createRun(store, facts, { name: "run", images, chunk: 2, chunks: chunks.length, manifest: sha256 });
  return { store, chunks };
}

/** Takes a run through a Redis that the environment names. @returns all that was said of it. */
async function goThrough(folder: string): Promise<string[]> {
  const said: string[] = [];
  const note = (text: string) => void said.push(text);
  const { store, chunks } = await makeRun(folder);
  const redis = await redisPlace(undefined);
  {
    await using opened = await openQueue(redis, note);
    await addMessages(opened.queue, messagesOf("run", chunks));
  }
  const stop = new AbortController();
  const worked = runWorker({
    ...{ redis, signal: stop.signal, watchdog: { onHung() {} }, onNote: note, lockMs: 5000 },
    openStore: async () => store,
    openScorer: async () => ({
      scorer: {
        ...{ model: "m", device: "none" },
        async *score(images) {
          for await (const image of images) yield { image, line: JSON.stringify({ image }) };
        },
      },
      close: async () => {},
    }),
  });
  for (let tries = 0; (await missingChunks(store)).length > 0; tries++) {
    assert.ok(tries < 3000, `the run does not end: ${said.join("; ")}`);
    await setTimeout(20);
  }
  stop.abort();
  await worked;
  return [...said, redis.shown];
}

const there = hasRedis() && spawnSync("openssl", ["version"]).error === undefined;
if (!there) console.log("skipped: redis-server or openssl is not installed");

(there ? test : test.skip)(
  "TLS and a password from a file: a run goes through, and nothing tells the password",
  async ({ folder }) => {
    const at = (name: string) => join(folder, name);
    const made = spawnSync("openssl", [
      ...[
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
      ],
      ...["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
      ...["-keyout", at("key.pem"), "-out", at("cert.pem")],
    ]);
    assert.is(made.status, 0, String(made.stderr));
    const port = await freePort();
    await using _ = await RedisServer.start(folder, [
      ...["--tls-port", String(port), "--bind", "127.0.0.1", "--requirepass", SECRET],
      ...[
        "--tls-cert-file",
        at("cert.pem"),
        "--tls-key-file",
        at("key.pem"),
        "--tls-ca-cert-file",
        at("cert.pem"),
      ],
      ...["--tls-auth-clients", "no"],
    ]);
    writeFileSync(at("password"), `${SECRET}\n`);
    const env = {
      INCTRL_REDIS: `rediss://localhost:${port}`,
      INCTRL_REDIS_PASSWORD_FILE: at("password"),
      INCTRL_REDIS_CA: at("cert.pem"),
    };
    const said = await withEnv(env, () => goThrough(folder));
    assert.not.match(said.join("\n"), SECRET);
    const status = ["cluster", "status", "--run", "run", "--runs", at("runs")];
    const told = await cli(status, { env });
    assert.is(told.code, 0, told.stderr);
    assert.match(told.stdout, "2 of 2 chunks done");
    const wrong = await cli(status, {
      env: { ...env, INCTRL_REDIS_PASSWORD_FILE: "", INCTRL_REDIS_PASSWORD: "other-secret" },
    });
    failsWith(wrong, `rediss://localhost:${port}/0: Redis does not answer (`);
    const untrusted = await cli(status, { env: { ...env, INCTRL_REDIS_CA: "" } });
    failsWith(untrusted, /does not answer \(.*certificate/);
    for (const { stdout, stderr } of [told, wrong, untrusted])
      assert.not.match(stdout + stderr, /correct-horse|other-secret/);
  },
);

const valkey = hasRedis("valkey-server");
if (!valkey) console.log("skipped: valkey-server is not installed");

(valkey ? test : test.skip)("a run goes through Valkey", async ({ folder }) => {
  const own = join(folder, "valkey");
  await using server = await RedisServer.start(own, [], "valkey-server");
  const said = await withEnv({ INCTRL_REDIS: server.address }, () => goThrough(own));
  assert.equal(said, [`unix:${server.socket}`]);
});

test.run();
