import { createReadStream } from "node:fs";
import { type FileHandle, open, rm } from "node:fs/promises";
import { createInterface } from "node:readline";
import { onDisk, temporaryIn } from "@inctrl/tensor/files";
import { packFloats, unpackFloats } from "../base64.js";
import { type BestMatch, bestMatch } from "../detector.js";
import type { PromptRecord } from "../matcher/bank-info.js";
import type { ImageScore } from "../score-images.js";
import { type Scale, scaleOf } from "./colormap.js";
import type { PlacedMap } from "./merge.js";

/** What the pictures of an image show besides its pixels. */
export interface StoredMaps {
  readonly image: string;
  /** Name of the pictures, without extension. */
  readonly name: string;
  readonly score: number;
  /** The most anomalous patch and its match, with the prompt's name; null for methods that do not match patches. */
  readonly match: (Omit<BestMatch, "prompt"> & { readonly prompt: string }) | null;
  /** Index of the view that decided the score. */
  readonly view: number;
  readonly views: readonly PlacedMap[];
}

/** The entry of a scored image. @param name of its pictures, without extension. */
export function storedMaps(
  { image, score, view, views }: ImageScore,
  name: string,
  prompts: readonly PromptRecord[],
): StoredMaps {
  const match = bestMatch(views[view]);
  return {
    ...{ image, name, score, view },
    match: match && { ...match, prompt: prompts[match.prompt].name },
    views: views.map(({ map, box }) => ({ map, box })),
  };
}

/**
 * Keeps maps in a file until all images are scored and their common colour scale is known, so that memory does not grow
 * with the run. A view of 15 x 15 patches takes about 1.3 kB; each image is a line of JSON.
 *
 * @example
 * const maps = await MapStore.open("maps/");
 * for await (const result of scoreImages(fitted, images)) {
 *   if (!("error" in result)) await maps.add(storedMaps(result, result.image, fitted.prompts));
 * }
 * await drawHeatmaps({ folder: "maps/", maps, album: new PromptAlbum(fitted) });
 * await maps.close();
 */
export class MapStore {
  readonly path: string;
  readonly #file: FileHandle;
  #scale: Scale | null = null;
  #count = 0;

  private constructor(path: string, file: FileHandle) {
    this.path = path;
    this.#file = file;
  }

  /** Opens an empty store in a folder. `close` removes it. */
  static async open(folder: string): Promise<MapStore> {
    const path = await temporaryIn(folder);
    return new MapStore(path, await open(onDisk(path), "wx"));
  }

  /** The smallest and the largest value so far; null before there is one. Values below 0, which are rounding, count as 0. */
  get scale(): Scale | null {
    return this.#scale && { low: Math.max(0, this.#scale.low), high: Math.max(0, this.#scale.high) };
  }

  get count(): number {
    return this.#count;
  }

  async add(entry: StoredMaps): Promise<void> {
    const scale = scaleOf(entry.views.map(({ map }) => map.values));
    if (scale) {
      const { low, high } = this.#scale ?? scale;
      this.#scale = { low: Math.min(low, scale.low), high: Math.max(high, scale.high) };
    }
    this.#count++;
    const line = JSON.stringify(entry, (key, value) => (key === "values" ? packFloats(value) : value));
    await this.#file.appendFile(`${line}\n`);
  }

  /** Gives the entries in the order in which they were added. */
  async *read(): AsyncGenerator<StoredMaps> {
    const stream = createReadStream(onDisk(this.path));
    try {
      for await (const line of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })) {
        yield JSON.parse(line, (key, value) => (key === "values" ? unpackFloats(value) : value));
      }
    } finally {
      stream.destroy();
    }
  }

  async close(): Promise<void> {
    await this.#file.close();
    await rm(onDisk(this.path), { force: true });
  }
}
