import type { Queue } from "bullmq";
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { type Address, listen } from "./listen.js";

/** What a worker tells Prometheus at `/metrics`: its own images and chunks, and the queue's jobs. */
export interface Metrics extends AsyncDisposable {
  readonly port: number;
  done(counts: { readonly images: number; readonly failed: number; readonly seconds: number }): void;
}

const STATES = ["waiting", "active", "delayed", "failed"] as const;

/**
 * Serves the metrics of a worker.
 *
 * @param address where to listen; port 0 is a free one.
 * @throws ClusterError `metrics` where that cannot be.
 */
export async function serveMetrics(queue: Queue, address: Address): Promise<Metrics> {
  const registers = [new Registry()];
  const images = new Counter({
    ...{ name: "inctrl_worker_images_total", help: "Images of chunks that this worker has written." },
    ...{ labelNames: ["result"] as const, registers },
  });
  const chunks = new Histogram({
    ...{ name: "inctrl_worker_chunk_seconds", help: "Time from taking a chunk to writing it.", registers },
    buckets: [1, 2, 5, 10, 20, 40, 60, 120, 300],
  });
  new Gauge({
    ...{
      name: "inctrl_queue_jobs",
      help: "Jobs of all runs in the queue.",
      labelNames: ["state"] as const,
      registers,
    },
    async collect() {
      const counts = await queue.getJobCounts(...STATES).catch(() => ({}) as Record<string, number>);
      for (const state of STATES) if (counts[state] !== undefined) this.set({ state }, counts[state]);
    },
  });
  const server = await listen((request, response) => {
    if (request.url !== "/metrics" || request.method !== "GET") {
      response.writeHead(404).end();
      return;
    }
    void registers[0].metrics().then((text) => {
      response.writeHead(200, { "content-type": registers[0].contentType }).end(text);
    });
  }, address);
  return {
    port: server.port,
    done({ images: all, failed, seconds }) {
      images.inc({ result: "scored" }, all - failed);
      images.inc({ result: "skipped" }, failed);
      chunks.observe(seconds);
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
