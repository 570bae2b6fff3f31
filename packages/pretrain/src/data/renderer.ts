import { symmetricPixels } from "@inctrl/detect";
import { type CaptionedImage, drawCaptioned } from "@inctrl/synth";
import type { CaptionedBatch } from "./batch.js";
import type { Shown } from "./order.js";

/** Which images a batch holds. */
export interface BatchSpec {
  readonly seed: number;
  readonly split: "train" | "held-out";
  /** Pixels a side. */
  readonly size: number;
  /** Images of one class in a row, good and damaged by turns. */
  readonly group: number;
  readonly shown: readonly Shown[];
}

/** Bytes of images that are cached. */
const MAX_BYTES = 1.1e9;

/** Renders batches. Drawn images are cached, since rotating one costs a hundredth of drawing it. */
export class Renderer {
  readonly #cache = new Map<string, CaptionedImage>();
  #bytes = 0;

  /** The same spec gives the same bytes. */
  render({ seed, split, size, group, shown }: BatchSpec): CaptionedBatch {
    const area = size * size;
    const square = { width: size, height: size };
    const pixels = new Uint8Array(shown.length * area * 3);
    const masks = new Uint8Array(shown.length * area);
    const images = shown.map(({ index, symmetry }, i) => {
      const made = this.#image({ seed, split, size, group, index });
      symmetricPixels(made.image.data, square, 3, symmetry, pixels, i * area * 3);
      symmetricPixels(made.mask, square, 1, symmetry, masks, i * area);
      return made;
    });
    return {
      count: shown.length,
      group,
      size,
      pixels,
      masks,
      captions: images.map(({ caption }) => caption),
      classNames: images.map(({ className }) => className),
      classIds: images.map(({ classId }) => classId),
      damaged: images.map(({ state }) => state === "bad"),
    };
  }

  #image(options: Parameters<typeof drawCaptioned>[0]): CaptionedImage {
    const key = Object.values(options).join();
    const cached = this.#cache.get(key);
    if (cached) return cached;
    const made = drawCaptioned(options);
    const bytes = made.image.data.length + made.mask.length;
    if (this.#bytes + bytes <= MAX_BYTES) {
      this.#cache.set(key, made);
      this.#bytes += bytes;
    }
    return made;
  }
}
