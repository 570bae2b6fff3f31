import { createHash } from "node:crypto";
import { appendFileSync, existsSync, readFileSync, truncateSync } from "node:fs";
import { join } from "node:path";
import type { FeatureStore, PairMemory } from "@inctrl/inctrl";

/** What is asked of a store. */
type Images = Pick<FeatureStore, "recipe" | "size" | "content">;

/** Bytes of the two images' sha256 before the residuals of a pair. */
const KEY_BYTES = 64;
/** Pairs that wait to be written together. */
const WRITTEN_TOGETHER = 64;

/**
 * Residuals of pairs in one file that only grows, all of it in memory: each pair is searched once for all settings and all runs.
 * Records are named by the images' content; one that a kill left unfinished is cut off.
 */
export class PairFile implements PairMemory {
  readonly #path: string;
  readonly #store: Images;
  readonly #held = new Map<number, Float32Array>();
  #waiting: Buffer[] = [];

  /** Opens the file for features of the store's kind, after all images were added to it. */
  constructor(folder: string, store: Images) {
    const recipe = createHash("sha256").update(store.recipe.id).digest("hex").slice(0, 16);
    this.#path = join(folder, `pairs-${recipe}.bin`);
    this.#store = store;
    if (existsSync(this.#path)) this.#read();
  }

  get(query: number, prompt: number): Float32Array | undefined {
    return this.#held.get(keyOf(query, prompt));
  }

  set(query: number, prompt: number, residuals: Float32Array): void {
    this.#held.set(keyOf(query, prompt), residuals);
    const contents = this.#store.content(query) + this.#store.content(prompt);
    const { buffer, byteOffset, byteLength } = residuals;
    this.#waiting.push(Buffer.from(contents, "hex"), Buffer.from(buffer, byteOffset, byteLength));
    if (this.#waiting.length >= 2 * WRITTEN_TOGETHER) this.flush();
  }

  flush(): void {
    appendFileSync(this.#path, Buffer.concat(this.#waiting));
    this.#waiting = [];
  }

  #read(): void {
    const [blocks, patches] = this.#store.recipe.patches;
    const values = blocks * patches;
    const record = KEY_BYTES + 4 * values;
    const bytes = readFileSync(this.#path);
    const numbers = new Map(
      Array.from({ length: this.#store.size }, (_, image) => [this.#store.content(image), image]),
    );
    const whole = bytes.length - (bytes.length % record);
    if (whole < bytes.length) truncateSync(this.#path, whole);
    for (let at = 0; at < whole; at += record) {
      const image = (from: number) =>
        numbers.get(bytes.toString("hex", at + from, at + from + KEY_BYTES / 2));
      const [query, prompt] = [image(0), image(KEY_BYTES / 2)];
      if (query === undefined || prompt === undefined) continue;
      this.#held.set(
        keyOf(query, prompt),
        new Float32Array(bytes.buffer, bytes.byteOffset + at + KEY_BYTES, values),
      );
    }
  }
}

/** Below 2^53 for any number of images that fits in memory. */
const keyOf = (query: number, prompt: number): number => query * 2 ** 26 + prompt;
