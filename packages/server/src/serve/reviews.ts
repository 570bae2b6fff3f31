import { appendFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { imageHeader, writeFileAtomic } from "@inctrl/datasets";
import type { Part } from "./parts.js";

/** A line of `reviews.jsonl`. */
export interface ReviewLine {
  readonly time: string;
  readonly product: string;
  readonly part: string;
  readonly sha256: string;
  /** What a person said. */
  readonly review: "good" | "bad";
  /** What the service had said, and by which bank. */
  readonly verdict: string | null;
  readonly score: number | null;
  readonly bank: string;
  /** The picture, below the folder. */
  readonly file: string;
}

/** Where the pictures of a product lie, below the folder of reviews. */
export const reviewsOf = (product: string): string => encodeURIComponent(product);

/** What people say of parts: a line each, and the pictures, so that a bank can learn from them. */
export class Reviews {
  readonly #folder: string;
  #last: Promise<unknown> = Promise.resolve();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Keeps a review. The line is written after the picture, and nothing is ever taken away. */
  async add({ answer, image }: Part, review: "good" | "bad", time: string): Promise<void> {
    const { product, part, sha256, verdict, score, ids } = answer;
    const { format } = await imageHeader(image);
    const file = join(reviewsOf(product), `${sha256}.${format}`);
    const line: ReviewLine = { time, product, part, sha256, review, verdict, score, bank: ids.bank, file };
    const written = this.#last.then(async () => {
      await mkdir(join(this.#folder, reviewsOf(product)), { recursive: true });
      await writeFileAtomic(join(this.#folder, file), image);
      await appendFile(join(this.#folder, "reviews.jsonl"), `${JSON.stringify(line)}\n`, { flush: true });
    });
    this.#last = written.catch(() => {});
    await written;
  }
}
