import { createReadStream } from "node:fs";
import { appendFile, mkdir, open, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import { imageHeader, writeFileAtomic } from "@inctrl/datasets";
import type { LearntAs } from "@inctrl/detect";
import { writeError } from "@inctrl/tensor/files";
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

/** A picture that a person calls good. */
export interface GoodPicture {
  readonly path: string;
  readonly sha256: string;
  /** Whether the service had said NG or REVIEW. */
  readonly flagged: boolean;
}

/** What a bank knows already, and what good images become in it. */
export interface Learner {
  readonly known: ReadonlySet<string>;
  readonly learntAs: LearntAs;
}

/** The file of reviews in their folder, a line each. */
export const REVIEWS_FILE = "reviews.jsonl";

/**
 * Pictures that a bank would learn of those that people call good. A line takes every good part. Prompts are compared with each part, so
 * that only those are taken that were flagged.
 */
export const learnable = (good: Iterable<GoodPicture>, { known, learntAs }: Learner): GoodPicture[] =>
  [...good].filter(({ sha256, flagged }) => !known.has(sha256) && (flagged || learntAs === "calibration"));

/** Where the pictures of a product lie, below the folder of reviews. */
export const reviewsOf = (product: string): string => encodeURIComponent(product);

/** What people say of parts: a line each, and the pictures, so that a bank can learn from them. */
export class Reviews {
  readonly #folder: string;
  /** By product and sha256, in the order of their reviews: pictures of which the last review says good. */
  readonly #good = new Map<string, Map<string, GoodPicture>>();
  /** By product, the sums of pictures of which the last review says bad. */
  readonly #bad = new Map<string, Set<string>>();
  #last: Promise<unknown> = Promise.resolve();
  /** Whether the file ends within a line, which the next one must not continue. */
  #isCut = false;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Opens a folder with the reviews that lie there. A line that is cut off or odd is passed over. */
  static async open(folder: string): Promise<Reviews> {
    const reviews = new Reviews(folder);
    const file = join(folder, REVIEWS_FILE);
    const there = await stat(file).catch(() => null);
    if (!there?.isFile()) return reviews;
    reviews.#isCut = there.size > 0 && !(await endsLine(file, there.size));
    for await (const text of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
      const line = parsed(text);
      if (line) reviews.#note(line);
    }
    return reviews;
  }

  /** Pictures of a product of which the last review says good, the oldest review first. */
  good(product: string): Iterable<GoodPicture> {
    return this.#good.get(product)?.values() ?? [];
  }

  /** How many pictures of a product the last review calls bad. */
  bad(product: string): number {
    return this.#bad.get(product)?.size ?? 0;
  }

  /** Products of which there are reviews. */
  get products(): string[] {
    return [...this.#good.keys()];
  }

  /**
   * Keeps a review. The line is written after the picture, and nothing is ever taken away.
   *
   * @throws TensorFileError `write` where the disk takes no more.
   */
  async add({ answer, image }: Part, review: "good" | "bad", time: string): Promise<void> {
    const { product, part, sha256, verdict, score, ids } = answer;
    const { format } = await imageHeader(image);
    const file = join(reviewsOf(product), `${sha256}.${format}`);
    const line: ReviewLine = { time, product, part, sha256, review, verdict, score, bank: ids.bank, file };
    const written = this.#last.then(async () => {
      try {
        await mkdir(join(this.#folder, reviewsOf(product)), { recursive: true });
        await writeFileAtomic(join(this.#folder, file), image);
      } catch (error) {
        throw writeError(this.#folder, error);
      }
      await this.#append(JSON.stringify(line));
      this.#note(line);
    });
    this.#last = written.catch(() => {});
    await written;
  }

  async #append(line: string): Promise<void> {
    const file = join(this.#folder, REVIEWS_FILE);
    try {
      await appendFile(file, `${this.#isCut ? "\n" : ""}${line}\n`, { flush: true });
      this.#isCut = false;
    } catch (error) {
      // A part of it may have been written.
      this.#isCut = true;
      throw writeError(file, error);
    }
  }

  #note({ product, sha256, review, verdict, file }: ReviewLine): void {
    const pictures = this.#good.get(product) ?? new Map<string, GoodPicture>();
    this.#good.set(product, pictures);
    pictures.delete(sha256);
    const bad = this.#bad.get(product) ?? new Set<string>();
    this.#bad.set(product, bad);
    if (review === "bad") bad.add(sha256);
    else bad.delete(sha256);
    // Only the last part of the name is taken, so that no line leads out of the folder.
    const path = join(this.#folder, reviewsOf(product), basename(file));
    const flagged = verdict === "NG" || verdict === "REVIEW";
    if (review === "good") pictures.set(sha256, { path, sha256, flagged });
  }
}

async function endsLine(file: string, size: number): Promise<boolean> {
  await using handle = await open(file);
  const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1);
  return buffer[0] === 10;
}

function parsed(text: string): ReviewLine | null {
  try {
    const line = JSON.parse(text) as ReviewLine;
    const words = [line.product, line.sha256, line.review, line.file];
    return words.every((word) => typeof word === "string") ? line : null;
  } catch {
    return null;
  }
}
