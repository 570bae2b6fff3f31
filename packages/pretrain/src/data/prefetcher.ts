import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { PretrainError } from "../errors.js";
import type { CaptionedBatch } from "./batch.js";
import type { BatchSpec } from "./renderer.js";

/** Renders batches in a process of its own, one ahead of the step that is being trained. */
export class Prefetcher {
  readonly #worker: ChildProcess;
  readonly #specOf: (step: number) => BatchSpec;
  /** Batches in the making, by step. */
  readonly #pending = new Map<number, Promise<CaptionedBatch>>();
  /** Their callbacks, in the order in which the worker answers. */
  #callbacks: { resolve: (batch: CaptionedBatch) => void; reject: (error: Error) => void }[] = [];

  /** @param specOf what the batch of a step holds. */
  constructor(specOf: (step: number) => BatchSpec) {
    this.#specOf = specOf;
    const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
    const path = fileURLToPath(new URL(`./render-worker.${extension}`, import.meta.url));
    this.#worker = fork(path, { serialization: "advanced" });
    this.#worker.on("message", (batch) => this.#callbacks.shift()?.resolve(batch as CaptionedBatch));
    this.#worker.on("error", (error) => this.#fail(error.message));
    this.#worker.on("exit", (code, signal) => this.#fail(`its process ended (${signal ?? code})`));
  }

  /**
   * The batch of a step, counted from 0. The next one is begun as well.
   *
   * @throws PretrainError `renderer` where the process ended.
   */
  async batch(step: number): Promise<CaptionedBatch> {
    this.#request(step);
    const batch = this.#pending.get(step)!;
    this.#request(step + 1);
    this.#pending.delete(step);
    return batch;
  }

  close(): void {
    this.#worker.removeAllListeners("exit").kill();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #request(step: number): void {
    if (this.#pending.has(step)) return;
    const batch = new Promise<CaptionedBatch>((resolve, reject) => this.#callbacks.push({ resolve, reject }));
    // The caller of `batch` sees the failure. A batch that nobody asks for may fail unnoticed.
    batch.catch(() => {});
    this.#pending.set(step, batch);
    this.#worker.send(this.#specOf(step));
  }

  #fail(reason: string): void {
    const error = new PretrainError("renderer", `drawing images failed: ${reason}`);
    for (const { reject } of this.#callbacks) reject(error);
    this.#callbacks = [];
  }
}
