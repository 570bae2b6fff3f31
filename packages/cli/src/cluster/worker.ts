import { type ChunkScorer, openStore } from "@inctrl/cluster";
import { runWorker } from "@inctrl/cluster/queue";
import { EXIT } from "../errors.js";
import { fixed } from "../ui/amounts.js";
import { info, warn } from "../ui/log.js";
import { withMeasurer } from "./measurer.js";
import type { WorkerOptions } from "./options.js";
import { countRows, isBenchmark } from "./prepare.js";
import { redisPlace } from "./redis.js";
import { withScorer } from "./scorer.js";
import { endHung } from "./shard.js";

/** `inctrl cluster worker`: scores chunks of the queue until it is stopped. */
export async function runClusterWorker(options: WorkerOptions, signal: AbortSignal): Promise<number> {
  const redis = await redisPlace(options.redis);
  info(`waiting for chunks from ${redis.shown}, of runs in ${options.runs}`);
  await runWorker({
    ...{ redis, signal, watchdog: { onHung: endHung }, onNote: warn },
    ...(options.metricsPort && { metrics: { host: options.metricsHost, port: options.metricsPort } }),
    openStore: (run) => openStore(options.runs, run),
    async openScorer(store, run) {
      let release = () => {};
      const released = new Promise<void>((resolve) => {
        release = resolve;
      });
      let ended: Promise<void> = Promise.resolve();
      // The model stays open until it is released.
      const scorer = await new Promise<ChunkScorer>((resolve, reject) => {
        const open = isBenchmark(run) ? withMeasurer : withScorer;
        ended = open({ store, run }, options, signal, async (ready) => {
          resolve(ready);
          await released;
        });
        ended.catch(reject);
      });
      info(`${run.name}: scoring on ${scorer.device}`);
      return {
        scorer,
        async close() {
          release();
          await ended;
        },
      };
    },
    onChunk: (run, { images, failed, seconds }) =>
      info(`${countRows(run, images)} in ${fixed(seconds)} s${failed > 0 ? `, ${failed} skipped` : ""}`),
  });
  return EXIT.ok;
}
