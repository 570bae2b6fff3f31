import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { ObjectStore } from "@inctrl/testing/objects";
import { freePort, hasRedis, RedisServer } from "@inctrl/testing/redis";
import { tableFromIPC } from "apache-arrow";
import { readParquet } from "parquet-wasm/node";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { writeBank } from "../support/bank.js";
import { cli, failsWith, temporaryFolder, warnings } from "../support/cli.js";
import { writeImages } from "../support/model.js";

const test = suite("cluster", { ...temporaryFolder(), given: [] as string[], common: [] as string[] });

test.before(async (context) => {
  const at = (name: string) => join(context.folder, name);
  const { model, bank } = await writeBank(context.folder);
  const images = at("images");
  writeImages(images, 7);
  writeFileSync(at("images/003.png"), "no picture");
  context.given = ["score", ...model, "--bank", bank, "--images", images];
  context.common = [...context.given, "--run", "archive", "--runs", at("runs"), "--chunk", "2"];
});
test.after(({ remove }) => remove());

test("two shards merge to the bytes of one process as JSONL and CSV, and to the same rows as Parquet", async ({
  folder,
  given,
  common,
}) => {
  const merge = ["cluster", "merge", "--run", "archive", "--runs", join(folder, "runs")];
  assert.is((await cli([...common, "--shard", "1/2"])).code, 0);
  const early = await cli(merge);
  assert.is(early.code, 2);
  assert.match(warnings(early).join(), "archive: 2 chunks of 4 missing: c000001, c000003");
  const env = { SLURM_ARRAY_TASK_ID: "2", SLURM_ARRAY_TASK_MIN: "1", SLURM_ARRAY_TASK_COUNT: "2" };
  assert.is((await cli([...common, "--shard", "auto"], { env })).code, 2, "003.png is no picture");
  for (const format of ["jsonl", "csv"]) {
    const whole = await cli([...given, "--format", format]);
    assert.is(whole.code, 2);
    const joined = await cli([...merge, "--format", format, "--out", "-"]);
    assert.is(joined.code, 2, joined.stderr);
    assert.is(joined.stdout, whole.stdout);
  }
  const place = join(folder, "runs/archive");
  assert.is((await cli(merge)).code, 2);
  for (const format of ["csv", "parquet"]) assert.is((await cli([...merge, "--format", format])).code, 2);
  const [heading, ...rows] = readFileSync(join(place, "result.csv"), "utf8").trimEnd().split("\n");
  const table = tableFromIPC(readParquet(readFileSync(join(place, "result.parquet"))).intoIPCStream());
  assert.is(heading, table.schema.fields.map(({ name }) => name).join());
  const cells = (row: number) =>
    table.schema.fields.map((_, column) => table.getChildAt(column)?.get(row) ?? "");
  assert.is(table.numRows, 6);
  assert.equal(
    rows,
    Array.from({ length: table.numRows }, (_, row) => cells(row).join()),
  );
  assert.is(readFileSync(join(place, "result.jsonl"), "utf8").split("\n").length, 7);
  assert.match(readFileSync(join(place, "skipped.jsonl"), "utf8"), "003.png");
  const { scored, failed } = JSON.parse(readFileSync(join(place, "summary.json"), "utf8"));
  assert.equal({ scored, failed }, { scored: 6, failed: 1 });
});

test("a run's options cannot change, and shards take none that are for one process", async ({
  folder,
  common,
}) => {
  failsWith(
    await cli([...common, "--shard", "1/2", "--symmetries", "1", "--class", "part"]),
    /another options/,
  );
  failsWith(await cli([...common, "--shard", "1/2", "--out", "a.csv"]), /--out is not for --shard/);
  failsWith(await cli([...common, "--shard", "3/2"]), /there are shards 1 to 2/);
  failsWith(await cli([...common, "--run", "../up", "--shard", "1/2"]), /a run's name has letters/);
  assert.not(existsSync(join(folder, "up")));
});

test("images, runs and results may lie in a bucket", async ({ folder, given }) => {
  await using objects = await ObjectStore.open(3);
  const { env } = objects;
  for (const name of readdirSync(join(folder, "images")))
    objects.objects.set(`bucket/in/${name}`, readFileSync(join(folder, "images", name)));
  objects.objects.set("bucket/in/notes.txt", Buffer.from("no image"));
  const run = ["--run", "far", "--runs", "s3://bucket/runs"];
  const from = [...given.slice(0, -1), "s3://bucket/in/"];
  const scored = await cli([...from, ...run, "--chunk", "3", "--shard", "1/1"], { env });
  assert.is(scored.code, 2, scored.stderr);
  assert.match(scored.stderr, "s3://bucket/in/003.png");
  assert.is((await cli(["cluster", "merge", ...run], { env })).code, 2);
  const whole = await cli([...given, "--format", "jsonl"]);
  const local = whole.stdout.replaceAll(join(folder, "images"), "s3://bucket/in");
  assert.is(objects.objects.get("bucket/runs/far/result.jsonl")?.toString(), local);
});

/** Reads the page of a run as a browser does, and then stops what serves it. */
async function readsPage(status: readonly string[], env: Readonly<Record<string, string>>): Promise<void> {
  const port = await freePort();
  const serving = cli([...status, "--page", String(port)], { env });
  const at = `http://127.0.0.1:${port}/`;
  const ask = (): Promise<Response> => fetch(at).catch(() => setTimeout(20).then(ask));
  const page = await (await ask()).text();
  assert.match(page, "<title>queued</title>");
  assert.match(page, /3 of 3 chunks of 7 images done; [\d.]+ a second; ready to be merged\./);
  assert.match(page, "Queue: 0 waiting, 0 in work, 0 to be tried again, 0 given up.");
  process.emit("SIGTERM");
  const { code, stderr } = await serving;
  assert.is(code, 0, stderr);
  assert.match(stderr, `queued: a page at ${at}, until Ctrl-C`);
  assert.is(await fetch(at).catch(() => "closed"), "closed");
}

const there = hasRedis();
if (!there) console.log("skipped: redis-server is not installed");

(there ? test : test.skip)("a run goes through the queue to the same bytes", async ({ folder, given }) => {
  await using server = await RedisServer.start(folder);
  const runs = join(folder, "runs");
  const env = { INCTRL_REDIS: server.address };
  const submit = ["cluster", "submit", ...given.slice(1), "--run", "queued", "--runs", runs, "--chunk", "3"];
  const dry = await cli([...submit, "--dry-run", "--rate", "7"]);
  assert.match(
    dry.stdout,
    /^7 images in 3 chunks of 3\n.* of names; about .* of images, by the mean of 7\n1.0 s \(0.00 hours\) at 7.0000 images a second: given by --rate\n$/,
  );
  const elsewhere = join(folder, "none");
  const measured = await cli([...submit, "--dry-run"].map((each) => (each === runs ? elsewhere : each)));
  assert.match(
    measured.stdout,
    /images a second: measured now on 7 images of the run, 1 of them unreadable, by one worker/,
  );
  assert.match(measured.stderr, /has no run of this bank.*--rate N/);
  assert.not(existsSync(join(runs, "queued")), "a dry run writes");
  failsWith(
    await cli([...submit, "--redis", "redis://:secret@localhost"]),
    /INCTRL_REDIS_PASSWORD/,
    /^((?!secret@).)*$/,
  );
  const submitted = await cli(submit, { env });
  assert.is(submitted.code, 0, submitted.stderr);
  const results = join(runs, "queued/results");
  const stopping = setInterval(() => {
    if (existsSync(results) && readdirSync(results).filter((name) => !name.startsWith(".")).length === 3)
      process.emit("SIGTERM");
  }, 50);
  const worked = await cli(["cluster", "worker", "--runs", runs], { env });
  clearInterval(stopping);
  assert.is(worked.code, 0, worked.stderr);
  const earlier = await cli([...submit, "--dry-run"]);
  assert.match(earlier.stdout, /images a second: one worker's in archive, queued, over 14 images \(/);
  const about = ["--run", "queued", "--runs", runs];
  const status = await cli(["cluster", "status", ...about, "--json"], { env });
  const { done, queue } = JSON.parse(status.stdout);
  assert.equal([done, queue], [3, { waiting: 0, active: 0, delayed: 0, failed: 0 }]);
  await readsPage(["cluster", "status", ...about], env);
  assert.match((await cli(["cluster", "retry", ...about], { env })).stderr, "0 jobs");
  const joined = await cli(["cluster", "merge", ...about, "--out", "-"]);
  assert.is(joined.stdout, (await cli([...given, "--format", "jsonl"])).stdout);
});

test.run();
