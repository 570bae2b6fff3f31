// What the queue itself costs: ten million images through it with a stand-in that scores nothing, at the true sizes of manifest and messages.
// With --docs the table goes into docs/cluster.md.
//
//   npm run -s research -- research/cluster/simulate.ts [--images 10000000] [--seconds 600] [--docs]
import { fork } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createRun, folderStore, mergeRows, type Store, scoreShard, writeManifest } from "@inctrl/cluster";
import { addMessages, messagesOf, openQueue, readRedis, runWorker } from "@inctrl/cluster/queue";
import { RedisServer } from "@inctrl/testing/redis";
import { markdown } from "../report.js";
import { conditions, loadNow, report } from "./conditions.js";

const { values } = parseArgs({
  options: {
    ...{ images: { type: "string", default: "10000000" }, seconds: { type: "string", default: "600" } },
    ...{ worker: { type: "string" }, folder: { type: "string", default: "" } },
    docs: { type: "boolean", default: false },
  },
});
const MODEL = "weights";
const MB = 1e6;
/** Images of a chunk, and the seconds that a worker with a graphics card takes for one. */
const [CHUNK, CHUNK_S] = [512, 20];

if (values.worker !== undefined) await work(values.worker, values.folder);
else await simulate(Number(values.images), Number(values.seconds));

/** Names as an archive has them, of 45 bytes. */
function* names(count: number): Generator<string> {
  for (let i = 0; i < count; i++) yield `/archive/camera-07/2026-11-29/${String(i).padStart(9, "0")}.jpeg`;
}

async function simulate(images: number, seconds: number): Promise<void> {
  const load = loadNow();
  const folder = await mkdtemp(join(tmpdir(), "inctrl-simulate-"));
  await using server = await RedisServer.start(folder);
  const rows: [string, string][] = [];
  const tell = (...row: [string, string]) => {
    rows.push(row);
    console.error(row.join(": "));
  };
  let peak = process.memoryUsage.rss();
  const watching = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, 100);
  try {
    const store = folderStore(join(folder, "run"));
    const peaks: string[] = [];
    const watched = function* () {
      let listed = 0;
      for (const name of names(images)) {
        yield name;
        if (++listed % (images / 4) === 0) peaks.push((peak / MB).toFixed(0));
      }
    };
    const { chunks, sha256 } = await writeManifest(store, watched(), CHUNK);
    tell("the submitter's memory after each quarter of the images", `at most ${peaks.join(", ")} MB`);
    const facts = { version: "1", model: MODEL, bank: "sum", heads: null, calibration: null, options: {} };
    const of = { images, chunk: CHUNK, chunks: chunks.length, manifest: sha256 };
    await createRun(store, facts, { name: "run", ...of });
    await using opened = await openQueue(readRedis(server.address), console.error);
    const memory = async () => {
      const info = await opened.redis.info("memory");
      return (Number(/^used_memory:(\d+)/m.exec(info)?.[1]) / MB).toFixed(1);
    };
    const empty = await memory();
    const begun = performance.now();
    await addMessages(opened.queue, messagesOf("run", chunks));
    tell(`submitting ${chunks.length} jobs`, `${((performance.now() - begun) / 1000).toFixed(1)} s`);
    const full = await memory();
    const [message] = await opened.queue.getWaiting(0, 0);
    tell("a message", `${JSON.stringify(message.data).length} bytes`);
    const script = fileURLToPath(import.meta.url);
    const workers = [0, 1].map(() =>
      fork(script, ["--worker", server.address, "--folder", join(folder, "run")]),
    );
    while ((await opened.queue.getWaitingCount()) > Math.max(0, chunks.length - 10)) await setTimeout(50);
    const [from, at] = [await opened.queue.getWaitingCount(), performance.now()];
    let left = from;
    while (left > 0 && performance.now() - at < seconds * 1000) {
      await setTimeout(1000);
      left = await opened.queue.getWaitingCount();
    }
    const rate = (1000 * (from - left)) / (performance.now() - at);
    const after = left === 0 ? "when all were done" : `with ${left} left`;
    tell(`memory of Redis before, with all jobs, and ${after}`, `${empty}, ${full} and ${await memory()} MB`);
    tell(
      `two workers that score nothing, over ${from - left} jobs`,
      `${rate.toFixed(0)} jobs a second, ${(rate * CHUNK).toFixed(0)} images: what ${(rate * CHUNK_S).toFixed(0)} workers ask for, at ${CHUNK_S} s a job`,
    );
    for (const worker of workers) worker.kill("SIGTERM");
    await Promise.all(workers.map((worker) => new Promise((resolve) => worker.once("exit", resolve))));
    tell(...(await merge(join(folder, "merged"), CHUNK * 200)));
    const [, version] = /^redis_version:(\S+)/m.exec(await opened.redis.info("server")) ?? [];
    const about = `${images} images in chunks of ${CHUNK}; redis-server ${version} on a Unix socket with \`appendonly yes\`. ${conditions(load)}`;
    await report("simulate", `${markdown(["what", "measured"], rows)}\n${about}`, values.docs);
  } finally {
    clearInterval(watching);
    await rm(folder, { recursive: true, force: true });
  }
}

/** A row as `inctrl score --format jsonl` writes it for one that has verdicts and no region. */
function row(image: string): string {
  return JSON.stringify({
    ...{ image, width: 2048, height: 1536, score: 0.123456789, residual: 0.123456789, image_residual: null },
    ...{ text: null, phi: null, fit: "crop", window: "full", view: 0 },
    match: { prompt: "/archive/good/000000017.jpeg", patch: 117, query_patch: 42 },
    box: { x: 256, y: 0, width: 1536, height: 1536 },
    patch: { width: 109.714286, height: 109.714286 },
    ...{ verdict: "OK", p_value: 0.423076923, scaled_score: 0.213456789 },
    calibration: { status: "calibrated", alpha: 0.01, n: 200, threshold: 0.234567891 },
    regions: [],
  });
}

/** Writes and merges a smaller run with rows of true size. @returns a line of the table. */
async function merge(folder: string, images: number): Promise<[string, string]> {
  const store = folderStore(folder);
  const { chunks, sha256 } = await writeManifest(store, names(images), CHUNK);
  const facts = { version: "1", model: MODEL, bank: "sum", heads: null, calibration: null, options: {} };
  const rest = { name: "merged", images, chunk: CHUNK, chunks: chunks.length, manifest: sha256 };
  const { run } = await createRun(store, facts, rest);
  const scorer = {
    ...{ model: MODEL, device: "none" },
    async *score(given: AsyncIterable<string>) {
      for await (const image of given) yield { image, line: row(image) };
    },
  };
  const wrote = performance.now();
  const { signal } = new AbortController();
  await scoreShard({ store, run, chunks, shard: { index: 0, of: 1 } }, scorer, { signal });
  const begun = performance.now();
  let bytes = 0;
  let peak = 0;
  await mergeRows(store, run, {
    line(text) {
      bytes += text.length + 1;
      peak = Math.max(peak, process.memoryUsage.rss());
    },
    failure() {},
  });
  const [write, read] = [begun - wrote, performance.now() - begun].map((ms) =>
    Math.round((1000 * images) / ms),
  );
  return [
    `${images} rows of ${Math.round(bytes / images)} bytes, written and merged by one process`,
    `${write} and ${read} a second, at most ${(peak / MB).toFixed(0)} MB`,
  ];
}

/** A worker that reads its chunk's names and throws the rows away. */
async function work(address: string, folder: string): Promise<void> {
  const stop = new AbortController();
  process.on("SIGTERM", () => stop.abort());
  const store: Store = { ...folderStore(folder), create: async () => true };
  await runWorker({
    ...{ redis: readRedis(address), signal: stop.signal, onNote: console.error },
    watchdog: { onHung: () => process.exit(75) },
    openStore: async () => store,
    openScorer: async () => ({
      scorer: {
        ...{ model: MODEL, device: "none" },
        async *score(images) {
          for await (const image of images) yield { image, line: "{}" };
        },
      },
      close: async () => {},
    }),
  });
}
