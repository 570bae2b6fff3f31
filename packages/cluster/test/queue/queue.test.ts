import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { folderTests } from "@inctrl/testing";
import { hasRedis, RedisServer } from "@inctrl/testing/redis";
import * as assert from "uvu/assert";
import { folderStore, mergeRows, missingChunks, type Store } from "../../src/index.js";
import { lineBytes } from "../../src/queue/dead.js";
import {
  addMessages,
  hasPassword,
  messagesOf,
  type OpenedQueue,
  openQueue,
  readRedis,
  retryDead,
  runWorker,
  statusOf,
} from "../../src/queue/index.js";
import { checkMessage, splitMessage } from "../../src/queue/message.js";
import { expected, lineOf, makeRun, names, scorer } from "../support/runs.js";

const test = folderTests("queue");
const there = hasRedis();
if (!there) console.log("skipped: redis-server is not installed");
const withRedis = there ? test : test.skip;
const quiet = () => {};

/** A worker in this process, and what ends it. */
function work(address: string, store: Store, score = scorer.score, onMetrics?: (port: number) => void) {
  const stop = new AbortController();
  const ended = runWorker({
    ...{
      redis: readRedis(address),
      signal: stop.signal,
      watchdog: { onHung: quiet },
      onNote: quiet,
      lockMs: 5000,
    },
    ...(onMetrics && { metrics: { host: "127.0.0.1", port: 0 }, onMetrics }),
    openStore: async () => store,
    openScorer: async () => ({ scorer: { ...scorer, score }, close: async () => {} }),
  });
  ended.catch(quiet);
  return {
    stop() {
      stop.abort();
      return ended;
    },
  };
}

async function until(what: string, check: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await check()); tries++) {
    assert.ok(tries < 3000, `${what} did not come`);
    await setTimeout(20);
  }
}

test("an address shows no password, and other text is refused without being repeated", () => {
  const { shown, options } = readRedis("rediss://me:secret@queue:6380/2", { ca: "PEM" });
  assert.is(shown, "rediss://queue:6380/2");
  assert.equal(
    [options.host, options.port, options.db, options.password, options.tls],
    ["queue", 6380, 2, "secret", { ca: "PEM" }],
  );
  assert.is(readRedis("redis://queue", { password: "p" }).options.password, "p");
  assert.is(readRedis("unix:/run/redis.sock").options.path, "/run/redis.sock");
  assert.ok(hasPassword("redis://:secret@queue") && !hasPassword("redis://queue"));
  for (const address of ["queue:secret", "http://secret", "redis://queue/secret"])
    assert.throws(
      () => readRedis(address),
      (error: Error) => !error.message.includes("secret"),
    );
});

test("a message is split by lines, down to one image", async ({ dir }) => {
  const store = folderStore(dir);
  const { chunks } = await makeRun(store, names(40), 40);
  const message = { run: "run", ...chunks[0] };
  const parts = splitMessage(message, await lineBytes(store, message));
  assert.equal(
    parts.map(({ count }) => count),
    [...Array(13).fill(3), 1],
  );
  assert.is(
    parts.reduce((sum, { bytes }) => sum + bytes, 0),
    message.bytes,
  );
  const one = splitMessage(parts[12], await lineBytes(store, parts[12]));
  assert.equal(
    one.map(({ first }) => first),
    [36, 37, 38],
  );
  assert.throws(() => checkMessage({ ...message, run: "../up" }), /name/);
  assert.throws(() => checkMessage({ ...message, bytes: 1e12 }), /names no chunk/);
});

/** What a test of a queue is given. */
type Given = Awaited<ReturnType<typeof makeRun>> & {
  readonly dir: string;
  readonly address: string;
  readonly opened: OpenedQueue;
  readonly store: Store;
  readonly images: readonly string[];
};

/** Adds a test of a queue on a Redis of its own and of a run of so many images, whose chunks nobody has added yet. */
function testQueue(name: string, count: number, run: (given: Given) => Promise<void>): void {
  withRedis(name, async ({ dir }) => {
    await using server = await RedisServer.start(dir);
    const store = folderStore(join(dir, "run"));
    const images = names(count);
    await using opened = await openQueue(readRedis(server.address), quiet);
    await run({ ...(await makeRun(store, images)), dir, address: server.address, opened, store, images });
  });
}

/** Asserts that merging gives the rows of all images. */
async function assertMerged({ store, run, images }: Pick<Given, "store" | "run" | "images">): Promise<void> {
  const lines: string[] = [];
  await mergeRows(store, run, { line: (text) => void lines.push(text), failure: quiet });
  assert.equal(lines, expected(images));
}

testQueue(
  "chunks go through the queue once, a second submit adds what is missing, and status tells both",
  95,
  async ({ address, opened, store, images, run, chunks }) => {
    for (let twice = 0; twice < 2; twice++) await addMessages(opened.queue, messagesOf("run", chunks));
    assert.is((await statusOf(store, opened)).queue.waiting, 10);
    let port = 0;
    const first = work(address, store, scorer.score, (at) => {
      port = at;
    });
    await until("the first chunk", async () => (await missingChunks(store)).length < 10);
    const workers = [first, work(address, store)];
    await until("the last chunk", async () => (await missingChunks(store)).length === 0);
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    assert.match(metrics, /inctrl_worker_images_total\{result="skipped"\} [1-9]/);
    assert.match(metrics, 'inctrl_queue_jobs{state="waiting"} 0');
    await Promise.all(workers.map(({ stop }) => stop()));
    await assertMerged({ store, run, images });
    const { done, queue } = await statusOf(store, opened);
    assert.equal([done, queue], [10, { waiting: 0, active: 0, delayed: 0, failed: 0 }]);
  },
);

testQueue(
  "the next chunk is taken, and its images are read, while the last rows of this one are not out",
  30,
  async ({ address, opened, store, images, run, chunks }) => {
    await addMessages(opened.queue, messagesOf("run", chunks));
    const events: string[] = [];
    /** Scores as `scoreImages` does: two images are read ahead of the row that comes out. */
    const ahead = async function* (given: AsyncIterable<string>) {
      const held: string[] = [];
      const out = function* (most: number) {
        while (held.length > most) {
          const image = held.shift() as string;
          events.push(`row ${images.indexOf(image)}`);
          yield image.includes("bad") ? { image, error: "bad" } : { image, line: lineOf(image) };
        }
      };
      for await (const image of given) {
        events.push(`read ${images.indexOf(image)}`);
        if (image === images[10]) events.push(`${await opened.queue.getActiveCount()} taken`);
        held.push(image);
        yield* out(2);
      }
      yield* out(0);
    };
    const worker = work(address, store, ahead);
    await until("the last chunk", async () => (await missingChunks(store)).length === 0);
    await worker.stop();
    const at = (event: string) => events.indexOf(event);
    assert.ok(at("read 10") >= 0 && at("read 10") < at("row 8"), events.join());
    assert.is(events[at("read 10") + 1], "2 taken");
    assert.ok(at("read 20") < at("row 18"), "the third chunk too");
    await assertMerged({ store, run, images });
    assert.equal((await statusOf(store, opened)).queue, { waiting: 0, active: 0, delayed: 0, failed: 0 });
  },
);

testQueue(
  "a worker that is told to stop ends its chunk first; one that cannot open a run fails none of it",
  20,
  async ({ address, opened, store, chunks }) => {
    await addMessages(opened.queue, messagesOf("run", chunks));
    let begun = () => {};
    const first = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const slow = work(address, store, async function* (given) {
      begun();
      await setTimeout(100);
      yield* scorer.score(given, quiet);
    });
    await first;
    await slow.stop();
    assert.is((await missingChunks(store)).length, 1);
    const broken = runWorker({
      ...{ redis: readRedis(address), signal: new AbortController().signal },
      ...{ watchdog: { onHung: quiet }, onNote: quiet, openStore: async () => store },
      openScorer: () => Promise.reject(new Error("other weights")),
    });
    const error = await broken.catch((thrown: Error) => thrown);
    assert.match((error as Error).message, "other weights");
    assert.is((await statusOf(store, opened)).queue.failed, 0);
  },
);

withRedis(
  "a Redis that drops keys is told of, a password is needed, and submit waits while many jobs wait",
  async ({ dir }) => {
    await using server = await RedisServer.start(dir, [
      "--maxmemory-policy",
      "allkeys-lru",
      "--requirepass",
      "secret",
    ]);
    const notes: string[] = [];
    await using opened = await openQueue(readRedis(server.address, { password: "secret" }), (text) =>
      notes.push(text),
    );
    assert.match(notes.join(), /allkeys-lru.*noeviction/);
    const store = folderStore(join(dir, "run"));
    const { chunks } = await makeRun(store, names(1005), 1);
    const stop = new AbortController();
    const added = addMessages(opened.queue, messagesOf("run", chunks), { signal: stop.signal, waiting: 500 });
    await until("the first thousand", async () => (await opened.queue.getWaitingCount()) === 1000);
    stop.abort();
    assert.is(await added, 1000);
    const [job] = await opened.queue.getWaiting(0, 0);
    assert.ok(JSON.stringify(job.data).length <= 150, JSON.stringify(job.data));
  },
);

testQueue(
  "what failed for good is kept, and put back",
  10,
  async ({ dir, address, opened, store, chunks }) => {
    await opened.queue.add("chunk", { run: "run", ...chunks[0] }, { jobId: "run.c000000", attempts: 1 });
    const failing = work(address, store, async function* () {
      yield* [];
      throw new Error("no device");
    });
    await until("the dead letter", async () => (await statusOf(store, opened)).queue.failed === 1);
    const ended = await failing.stop().catch((error: Error) => error.message);
    assert.is(ended, "no device", "a worker whose device is broken ends");
    assert.match(await readFile(join(dir, "run/failed/run.c000000.json"), "utf8"), "no device");
    assert.is(await retryDead(store, "run", opened, false), 1);
    const again = work(address, store);
    await until("the chunk", async () => (await missingChunks(store)).length === 0);
    await again.stop();
  },
);

test.run();
