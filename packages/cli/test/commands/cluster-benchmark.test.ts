import type { ChildProcess } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { openQueue, readRedis } from "@inctrl/cluster/queue";
import { hasRedis, RedisServer } from "@inctrl/testing/redis";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { cli, failsWith, spawnCli, temporaryFolder, warnings } from "../support/cli.js";
import { writeModel } from "../support/model.js";

const test = suite("benchmark on many machines", { ...temporaryFolder(), given: [] as string[], whole: "" });
const TABLES = ["benchmark.csv", "benchmark.md", "benchmark.tex", "report.html"];
const tables = (folder: string) => TABLES.map((file) => readFileSync(join(folder, file), "utf8"));

test.before(async (context) => {
  const model = join(context.folder, "model.safetensors");
  await writeModel(model);
  context.given = [
    ...["benchmark", "--backbone", model, "--data", "procedural:5?size=64&train=3&good=3&bad=3"],
    ...["--category", "metal,nut", "--limit", "4", "--methods", "residual?aggregate=top3,subspacead:paper"],
    ...["--shots", "1", "--seeds", "1"],
  ];
  context.whole = join(context.folder, "whole");
  const cache = join(context.folder, "cache");
  const { code, stderr } = await cli([...context.given, "--out", context.whole, "--cache", cache]);
  assert.is(code, 0, stderr);
});
test.after(({ remove }) => remove());

test("shares of its categories merge to the tables of one process, and only once all are there", async ({
  folder,
  given,
  whole,
}) => {
  const run = ["--run", "shares", "--runs", join(folder, "runs")];
  const env = { INCTRL_CACHE: join(folder, "own") };
  const first = await cli([...given, ...run, "--shard", "1/2"], { env });
  assert.is(first.code, 0, first.stderr);
  const early = await cli(["cluster", "merge", ...run]);
  assert.is(early.code, 2);
  assert.match(warnings(early).join(), "shares: 1 chunk of 2 missing: procedural-5: nut");
  assert.is((await cli([...given, ...run, "--shard", "2/2"], { env })).code, 0);
  const merged = await cli(["cluster", "merge", ...run], { env });
  assert.is(merged.code, 0, merged.stderr);
  assert.equal(tables(join(folder, "runs/shares/tables")), tables(whole));
});

test("figures, and a run of other options, are refused", async ({ folder, given }) => {
  const run = ["--run", "shares", "--runs", join(folder, "runs"), "--shard", "1/2"];
  failsWith(await cli([...given, ...run, "--seeds", "3"]), /another options/);
  failsWith(await cli([...given, ...run, "--out", "x"]), /--out is for inctrl cluster merge/);
  failsWith(await cli([...given, ...run, "--paper", "figure4"]), /one process draws it/);
  failsWith(await cli([...given, "--shard", "1/2"]), /add --run/);
});

const there = hasRedis();
if (!there) console.log("skipped: redis-server is not installed");

(there ? test : test.skip)(
  "two workers of a queue give the same tables, a job a category",
  async ({ folder, given, whole }) => {
    await using server = await RedisServer.start(folder);
    const runs = join(folder, "runs");
    const run = ["--run", "queued", "--runs", runs];
    const env = { INCTRL_REDIS: server.address };
    const submitted = await cli([...given, ...run], { env });
    assert.match(submitted.stderr, /queued: 2 categories in 2 chunks, 0 done; 2 jobs in the queue/);
    const results = join(runs, "queued/results");
    const done = () => existsSync(results) && readdirSync(results).filter((n) => !n.startsWith(".")).length;
    const worker = ["cluster", "worker", "--runs", runs];
    let child: ChildProcess | undefined;
    const other = spawnCli(worker, {
      env,
      onStart(started) {
        child = started;
      },
    });
    {
      // The other worker is a process of its own. This one begins once that has a category in hand, and takes the second.
      await using opened = await openQueue(readRedis(server.address), () => {});
      for (let tries = 0; (await opened.queue.getActiveCount()) === 0 && tries < 6000; tries++)
        await setTimeout(50);
    }
    const own = cli(worker, { env });
    for (let tries = 0; done() !== 2 && tries < 6000; tries++) await setTimeout(50);
    child?.kill("SIGTERM");
    process.emit("SIGTERM");
    for (const { code, stderr } of await Promise.all([other, own])) {
      assert.is(code, 0, stderr);
      assert.match(stderr, "1 category in");
    }
    assert.match((await cli([...given, ...run], { env })).stderr, "2 done; 0 jobs in the queue");
    const out = join(folder, "tables");
    const merged = await cli(["cluster", "merge", ...run, "--out", out]);
    assert.is(merged.code, 0, merged.stderr);
    assert.equal(tables(out), tables(whole));
  },
);

test.run();
