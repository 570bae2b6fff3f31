import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { Scored } from "./batcher.js";
import type { PartAnswer } from "./schemas.js";

/** The service in numbers, for Prometheus. */
export class Metrics {
  readonly registry = new Registry();
  readonly requests = this.#counter("inctrl_requests_total", "Requests by route and status.", [
    "route",
    "status",
  ]);
  readonly verdicts = this.#counter("inctrl_verdicts_total", "Verdicts by product; `none` without a line.", [
    "product",
    "verdict",
  ]);
  readonly refused = this.#counter("inctrl_refused_total", "Parts that were refused for want of room.", []);
  readonly deviceLosses = this.#counter("inctrl_device_losses_total", "Devices that were lost.", []);
  readonly reviews = this.#counter("inctrl_reviews_total", "Reviews by product and verdict.", [
    "product",
    "verdict",
  ]);
  readonly batches = new Histogram({
    ...{ name: "inctrl_batch_images", help: "Images that were scored in a row.", registers: [this.registry] },
    buckets: [1, 2, 4, 8, 16, 32, 64, 128],
  });
  readonly queueSeconds = this.#seconds("inctrl_queue_seconds", "Time that a part waited.");
  readonly scoreSeconds = this.#seconds("inctrl_score_seconds", "Time that decoding and scoring took.");
  readonly scores = new Histogram({
    ...{ name: "inctrl_scaled_score", help: "Scaled scores: above 0.5 is NG.", registers: [this.registry] },
    ...{ labelNames: ["product"], buckets: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9] },
  });

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  /** Shows a number as it is whenever it is asked for. */
  gauge(name: string, help: string, value: () => number): void {
    new Gauge({
      ...{ name, help, registers: [this.registry] },
      collect() {
        this.set(value());
      },
    });
  }

  /** Shows labelled numbers as they are whenever they are asked for. */
  gauges<L extends string>(
    name: string,
    help: string,
    labelNames: L[],
    values: () => Iterable<readonly [labels: Record<L, string>, value: number]>,
  ): void {
    new Gauge({
      ...{ name, help, labelNames, registers: [this.registry] },
      collect() {
        this.reset();
        for (const [labels, value] of values()) this.set(labels, value);
      },
    });
  }

  /** Counts a part that was scored. */
  scored({ product, scaled_score }: PartAnswer, { queueMs, scoreMs }: Scored): void {
    this.queueSeconds.observe({ product }, queueMs / 1000);
    this.scoreSeconds.observe({ product }, scoreMs / 1000);
    if (scaled_score !== null) this.scores.observe({ product }, scaled_score);
  }

  #counter<L extends string>(name: string, help: string, labelNames: L[]): Counter<L> {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }

  #seconds(name: string, help: string) {
    const buckets = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
    return new Histogram({ name, help, labelNames: ["product"], buckets, registers: [this.registry] });
  }
}
