import type { CaptionedBatch } from "@inctrl/clip";
import { symmetricSquare } from "@inctrl/detect";
import { type CaptionedImage, drawCaptioned } from "@inctrl/synth";
import type { Shown } from "./order.js";

/** Which images a batch holds. */
export interface BatchSpec {
  readonly seed: number;
  readonly split: "train" | "held-out";
  /** Pixels a side. */
  readonly size: number;
  /** Images of one class that stand together. */
  readonly group: number;
  readonly shown: readonly Shown[];
}

/** Bytes of images that are kept for the next time they are shown. */
const MOST_BYTES = 1.1e9;

/** Draws batches; what was drawn is kept, since turning a picture costs a hundredth of drawing it. */
export class Easel {
  readonly #kept = new Map<string, CaptionedImage>();
  #bytes = 0;

  /** The same spec gives the same bytes. */
  draw({ seed, split, size, group, shown }: BatchSpec): CaptionedBatch {
    const area = size * size;
    const pixels = new Uint8Array(shown.length * area * 3);
    const masks = new Uint8Array(shown.length * area);
    const images = shown.map(({ index, turn }, i) => {
      const made = this.#image({ seed, split, size, group, index });
      symmetricSquare(made.image.data, size, 3, turn, pixels, i * area * 3);
      symmetricSquare(made.mask, size, 1, turn, masks, i * area);
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
    const known = this.#kept.get(key);
    if (known) return known;
    const made = drawCaptioned(options);
    const bytes = made.image.data.length + made.mask.length;
    if (this.#bytes + bytes <= MOST_BYTES) {
      this.#kept.set(key, made);
      this.#bytes += bytes;
    }
    return made;
  }
}
