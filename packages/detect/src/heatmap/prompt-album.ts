import { prepareImage } from "@inctrl/clip";
import type { Box, Reading } from "@inctrl/datasets";
import { LRUCache } from "lru-cache";
import type { FittedDetector } from "../detector.js";
import type { Encoder } from "../encoder/encoder.js";
import { DetectError } from "../errors.js";
import { findBelow } from "../images/below.js";
import { fileImage } from "../images/source.js";
import { type Photo, photoOf } from "./photo.js";

/** A prompt as panels show it: its picture, and the boxes of its views in pixels of the original. */
export interface ShownPrompt {
  readonly photo: Photo;
  readonly boxes: readonly Box[];
}

/** Longest side of a picture in pixels. Larger pictures would take seconds and show no more. */
const MAX_SIDE = 2048;

/** Reads an image to draw on. @throws ImageError where it cannot be read. */
export async function openPhoto(path: string, reading?: Reading): Promise<Photo> {
  return photoOf(await fileImage(path, reading).load(), (side) => Math.ceil(side / MAX_SIDE));
}

/** Pictures of prompts that are held at a time. */
const MAX_HELD = 8;

export class PromptAlbum {
  readonly #hashes: ReadonlyMap<string, string | null>;
  readonly #encoder: Encoder;
  readonly #reading: Reading;
  readonly #onProblem: (error: unknown) => void;
  readonly #below: string | null | undefined;
  readonly #shown = new LRUCache<string, Promise<ShownPrompt | null>>({ max: MAX_HELD });

  /**
   * @param onProblem called once for each prompt whose image is missing or has changed since it was encoded.
   * @param options `below`: the folder that holds the images, for prompts of a bank: others are not opened. Null opens none.
   */
  constructor(
    { detector, prompts, reading }: FittedDetector,
    onProblem: (error: unknown) => void = () => {},
    { maxPixels, below }: Pick<Reading, "maxPixels"> & { readonly below?: string | null } = {},
  ) {
    this.#reading = { ...reading, maxPixels };
    this.#below = below;
    this.#hashes = new Map(prompts.map(({ name, sha256 }) => [name, sha256]));
    this.#encoder = detector.encoder;
    this.#onProblem = onProblem;
  }

  /** The prompt's picture; null where it cannot be shown. */
  async find(name: string): Promise<ShownPrompt | null> {
    const known = this.#below === null ? null : this.#shown.get(name);
    if (known !== undefined) return known;
    const found = this.#open(name).catch((error) => {
      this.#onProblem(error);
      return null;
    });
    this.#shown.set(name, found);
    return found;
  }

  async #open(name: string): Promise<ShownPrompt> {
    const expected = this.#hashes.get(name);
    const path = this.#below ? await findBelow(this.#below, name) : name;
    if (path === null) throw new DetectError("prompt", `${name}: no such prompt below ${this.#below}`);
    const image = fileImage(path, this.#reading);
    if (expected && (await image.sha256?.()) !== expected) {
      throw new DetectError("prompt", `${name}: this file has changed since the bank was made`);
    }
    const { preprocess, fit } = this.#encoder;
    const views = prepareImage(await image.load(), preprocess, fit);
    return { photo: await openPhoto(path, this.#reading), boxes: views.map((view) => view.box) };
  }
}
