// A worker whose scores come from names alone: `worker-child.ts SOCKET RUNS MS`, MS for each image. An image called poison kills it, one
// called hang hangs once. It prints when it takes jobs, and when it has none.
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { openStore } from "../../src/index.js";
import { readRedis, runWorker } from "../../src/queue/index.js";
import { scorer } from "./runs.js";

const [address, runs, imageMs] = process.argv.slice(2);
const stop = new AbortController();
process.on("SIGTERM", () => stop.abort());

await runWorker({
  ...{ redis: readRedis(address), signal: stop.signal, onNote: console.error, lockMs: 1000 },
  watchdog: { factor: 20, leastMs: 1500, firstMs: 1500, onHung: () => process.exit(75) },
  openStore: (run) => openStore(runs, run),
  openScorer: async () => ({ scorer: { ...scorer, score }, close: async () => {} }),
});

async function* score(images: AsyncIterable<string>, onBeat: () => void) {
  process.stdout.write("busy\n");
  for await (const row of scorer.score(images, onBeat)) {
    if (row.image.includes("poison")) process.kill(process.pid, "SIGKILL");
    const hung = join(runs, "hung");
    if (row.image.includes("hang") && !existsSync(hung)) {
      writeFileSync(hung, "");
      await new Promise(() => {});
    }
    await setTimeout(Number(imageMs));
    yield row;
  }
  process.stdout.write("idle\n");
}
