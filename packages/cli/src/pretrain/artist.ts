import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { CaptionedBatch } from "@inctrl/clip";
import { CliError } from "../errors.js";
import type { BatchSpec } from "./draw.js";

/** Batches drawn in a process of its own, one ahead of the one that is being trained on. */
export class Artist {
  readonly #worker: ChildProcess;
  readonly #specOf: (step: number) => BatchSpec;
  /** Batches asked for, by step, in the order asked. */
  readonly #asked = new Map<number, Promise<CaptionedBatch>>();
  #waiting: { resolve: (batch: CaptionedBatch) => void; reject: (error: Error) => void }[] = [];

  /** @param specOf what a step is trained on. */
  constructor(specOf: (step: number) => BatchSpec) {
    this.#specOf = specOf;
    const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
    const path = fileURLToPath(new URL(`./draw-worker.${extension}`, import.meta.url));
    this.#worker = fork(path, { serialization: "advanced" });
    this.#worker.on("message", (batch) => this.#waiting.shift()?.resolve(batch as CaptionedBatch));
    this.#worker.on("error", (error) => this.#fail(error.message));
    this.#worker.on("exit", (code, signal) => this.#fail(`its process ended (${signal ?? code})`));
  }

  /** The batch of a step, counted from 0; the next one is then begun. */
  async batch(step: number): Promise<CaptionedBatch> {
    this.#ask(step);
    const batch = this.#asked.get(step)!;
    this.#ask(step + 1);
    this.#asked.delete(step);
    return batch;
  }

  close(): void {
    this.#worker.removeAllListeners("exit").kill();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #ask(step: number): void {
    if (this.#asked.has(step)) return;
    const made = new Promise<CaptionedBatch>((resolve, reject) => this.#waiting.push({ resolve, reject }));
    // Reported by whoever takes it; one that nobody takes is of no interest.
    made.catch(() => {});
    this.#asked.set(step, made);
    this.#worker.send(this.#specOf(step));
  }

  #fail(reason: string): void {
    const error = new CliError("input", `drawing images failed: ${reason}; run it again, with --resume`);
    for (const { reject } of this.#waiting) reject(error);
    this.#waiting = [];
  }
}
