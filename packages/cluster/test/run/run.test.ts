import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { folderTests } from "@inctrl/testing";
import { ObjectStore } from "@inctrl/testing/objects";
import * as assert from "uvu/assert";
import { createRun, folderStore, mergeRows, missingChunks, type Run, type Store } from "../../src/index.js";
import { readChunks, readImages } from "../../src/run/manifest.js";
import { pieceFile, resultFile } from "../../src/run/names.js";
import { joinPieces, writePiece, writeRows } from "../../src/run/rows.js";
import { scoreShard } from "../../src/shards/score-chunk.js";
import { openStore } from "../../src/store/open-store.js";
import { expected, FACTS, makeRun, names, rowsOf, scorer } from "../support/runs.js";

const test = folderTests("runs");
const { signal } = new AbortController();

async function rejects(action: Promise<unknown>, code: string, words: RegExp): Promise<void> {
  const error = await action.then(
    () => assert.unreachable(`no ${code}`),
    (thrown) => thrown,
  );
  assert.is(error.code, code, error.message);
  assert.match(error.message, words);
}

async function merged(store: Store, run: Run): Promise<{ lines: string[]; failures: string[] }> {
  const [lines, failures]: [string[], string[]] = [[], []];
  await mergeRows(store, run, {
    line: (text) => void lines.push(text),
    failure: ({ image }) => void failures.push(image),
  });
  return { lines, failures };
}

async function sharesMerge(store: Store): Promise<void> {
  const images = names(95);
  const { run, chunks } = await makeRun(store, images);
  assert.is(chunks.length, 10);
  for (const index of [2, 0, 1])
    await scoreShard({ store, run, chunks, shard: { index, of: 3 } }, scorer, { signal });
  const { lines, failures } = await merged(store, run);
  assert.equal(lines, expected(images));
  assert.equal(
    failures,
    images.filter((image) => image.includes("bad")),
  );
}

test("shares of a run in a folder merge to what one process gives, and nothing else is left", async ({
  dir,
}) => {
  await sharesMerge(folderStore(dir));
  assert.is((await readdir(join(dir, "results"))).length, 10);
});

test("the same in a bucket, whose lists come in pages", async () => {
  await using objects = await ObjectStore.open(3);
  Object.assign(process.env, objects.env);
  const store = await openStore("s3://bucket/some/runs/", "run");
  await sharesMerge(store);
  assert.ok(objects.objects.has("bucket/some/runs/run/results/c000009.jsonl"));
  assert.is(await store.create("results/c000009.jsonl", Buffer.from("other")), false);
  assert.is(await store.read("nothing", 10), null);
  await rejects(store.read("run.json", 10), "store", /more than the 10/);
  const long = "x".repeat(1 << 20);
  const writer = await store.open("result.jsonl");
  for (let i = 0; i < 9; i++) await writer.write(long);
  assert.not(
    objects.objects.has("bucket/some/runs/run/result.jsonl"),
    "an upload is seen before it is whole",
  );
  await writer.finish();
  assert.is(objects.objects.get("bucket/some/runs/run/result.jsonl")?.length, 9 << 20);
  store.close();
});

test("an object is made once, however many make it at a time", async ({ dir }) => {
  const store = folderStore(dir);
  const made = await Promise.all(
    Array.from({ length: 20 }, (_, i) => store.create("results/one", Buffer.from(`maker ${i}`))),
  );
  assert.is(made.filter(Boolean).length, 1);
  assert.is(await readFile(join(dir, "results/one"), "utf8"), `maker ${made.indexOf(true)}`);
  assert.equal(await readdir(join(dir, "results")), ["one"]);
});

test("chunks lie in parts by their bytes, whatever the names hold", async ({ dir }) => {
  const store = folderStore(dir);
  const images = Array.from({ length: 1001 }, (_, i) => `b\u00e4nk "${i}"\n${"\u{1f600}".repeat(i % 5)}.png`);
  await makeRun(store, images, 5);
  const chunks = await readChunks(store);
  assert.is(chunks.at(-1)?.part, 1);
  const read: string[] = [];
  for (const chunk of chunks) read.push(...(await readImages(store, chunk)));
  assert.equal(read, images);
});

test("submitting again goes on, and another run of the name is refused", async ({ dir }) => {
  const store = folderStore(dir);
  const { run } = await makeRun(store, names(25));
  assert.equal((await makeRun(store, names(25))).run, run);
  await rejects(makeRun(store, names(26)), "run", /other images/);
  await rejects(createRun(folderStore(dir), { ...FACTS, model: "other" }, pick(run)), "run", /another model/);
});

const pick = ({ name, images, chunk, chunks, manifest }: Run) => ({ name, images, chunk, chunks, manifest });

test("chunks that are missing are listed, and merging refuses them", async ({ dir }) => {
  const store = folderStore(dir);
  const { run, chunks } = await makeRun(store, names(35));
  await scoreShard({ store, run, chunks, shard: { index: 1, of: 2 } }, scorer, { signal });
  assert.equal(await missingChunks(store), [0, 2]);
  await rejects(merged(store, run), "chunk", /chunk 0 is missing/);
});

test("chunks of another model, with too few rows or other images are refused", async ({ dir }) => {
  const store = folderStore(dir);
  const { run, chunks } = await makeRun(store, names(10));
  const [chunk] = chunks;
  const path = join(dir, resultFile(0));
  const rows = await rowsOf(names(10));
  const write = async (...[given, by]: [typeof rows, object]) => {
    await rm(path, { force: true });
    await writeRows(store, run, chunk, given, { ...scorer, ...by });
  };
  await write(rows, { model: "other weights" });
  await rejects(merged(store, run), "chunk", /another run, model or version/);
  await write(rows.slice(1), {});
  await rejects(merged(store, run), "chunk", /9 rows for 10 images/);
  await write([...rows.slice(1), rows[0]], {});
  await rejects(merged(store, run), "chunk", /row 1 is not of/);
  await write(rows, {});
  const text = await readFile(path, "utf8");
  await writeFile(path, text.slice(0, -20));
  await rejects(merged(store, run), "chunk", /row 10 is not of/);
});

test("pieces of a split chunk join to the chunk once they are all there", async ({ dir }) => {
  const store = folderStore(dir);
  const images = names(10);
  const { run, chunks } = await makeRun(store, images);
  const rows = await rowsOf(images);
  for (const [first, end] of [
    [5, 10],
    [0, 4],
  ])
    await writePiece(store, run, { chunk: 0, first }, rows.slice(first, end), scorer);
  assert.is(await joinPieces(store, run, chunks[0], images), false);
  await writePiece(store, run, { chunk: 0, first: 4 }, rows.slice(4, 5), scorer);
  assert.ok((await readdir(dir, { recursive: true })).includes(pieceFile(0, 4, 1)));
  assert.is(await joinPieces(store, run, chunks[0], images), true);
  assert.equal((await merged(store, run)).lines, expected(images));
});

test.run();
