import { randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import {
  type Box,
  type PlacedMap,
  packFloats,
  type Scale,
  type ScoreMap,
  scaleOf,
  unpackFloats,
} from "@inctrl/detect";
import { removeAtExit } from "../signals.js";

/** All that the pictures of an image need but its pixels. */
export interface SpooledImage {
  readonly image: string;
  /** The pictures' name, without extensions. */
  readonly name: string;
  readonly score: number;
  /** The most anomalous patch and its match, with the prompt's name; null for methods that do not match patches. */
  readonly match: { readonly prompt: string; readonly patch: number; readonly queryPatch: number } | null;
  /** Index of the view that decided the score. */
  readonly view: number;
  readonly views: readonly PlacedMap[];
}

/**
 * Keeps maps on disk until all images are scored and the colour scale of the run is known: about 1.3 kB a view of
 * 15 x 15 patches, a line of JSON for each image, so that memory does not grow with the run.
 */
export class Spool {
  readonly path: string;
  readonly #file: FileHandle;
  readonly #forget: () => void;
  #scale: Scale | null = null;
  #count = 0;

  private constructor(path: string, file: FileHandle) {
    this.path = path;
    this.#file = file;
    this.#forget = removeAtExit(path);
  }

  /** Opens an empty spool in a folder; `close` removes it. */
  static async open(folder: string): Promise<Spool> {
    const path = join(folder, `.maps.${randomBytes(6).toString("hex")}.tmp`);
    return new Spool(path, await open(path, "wx"));
  }

  /** From the smallest to the largest value so far; null before there is one. Rounding below 0 counts as 0. */
  get scale(): Scale | null {
    return this.#scale && { low: Math.max(0, this.#scale.low), high: Math.max(0, this.#scale.high) };
  }

  get count(): number {
    return this.#count;
  }

  async add(entry: SpooledImage): Promise<void> {
    const scale = scaleOf(entry.views.map(({ map }) => map.values));
    if (scale) {
      const { low, high } = this.#scale ?? scale;
      this.#scale = { low: Math.min(low, scale.low), high: Math.max(high, scale.high) };
    }
    this.#count++;
    const views = entry.views.map(({ map, box }) => ({
      map: { ...map, values: packFloats(map.values) },
      box,
    }));
    await this.#file.appendFile(`${JSON.stringify({ ...entry, views })}\n`);
  }

  /** What was added, in order, one at a time. */
  async *read(): AsyncGenerator<SpooledImage> {
    const stream = createReadStream(this.path);
    try {
      for await (const line of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })) {
        const entry = JSON.parse(line);
        yield { ...entry, views: entry.views.map(unpack) };
      }
    } finally {
      stream.destroy();
    }
  }

  async close(): Promise<void> {
    await this.#file.close();
    await rm(this.path, { force: true });
    this.#forget();
  }
}

interface PackedView {
  readonly map: Pick<ScoreMap, "rows" | "columns"> & { readonly values: string };
  readonly box: Box;
}

const unpack = ({ map, box }: PackedView): PlacedMap => ({
  map: { ...map, values: unpackFloats(map.values) },
  box,
});
