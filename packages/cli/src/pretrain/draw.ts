import type { CaptionedBatch } from "@inctrl/clip";
import { drawCaptioned } from "@inctrl/datasets";

/** Which images a batch holds: `count` of a split from index `start`, where good and damaged ones of a class take turns. */
export interface BatchSpec {
  readonly seed: number;
  readonly split: "train" | "held-out";
  readonly start: number;
  readonly count: number;
  /** Pixels a side. */
  readonly size: number;
}

/** Draws a batch; the same spec gives the same bytes. */
export function drawBatch({ seed, split, start, count, size }: BatchSpec): CaptionedBatch {
  const area = size * size;
  const pixels = new Uint8Array(count * area * 3);
  const masks = new Uint8Array(count * area);
  const drawn = Array.from({ length: count }, (_, i) => {
    const { image, mask, ...said } = drawCaptioned({ seed, split, size, index: start + i });
    pixels.set(image.data, i * area * 3);
    masks.set(mask, i * area);
    return said;
  });
  return {
    count,
    size,
    pixels,
    masks,
    captions: drawn.map(({ caption }) => caption),
    classNames: drawn.map(({ className }) => className),
    classIds: drawn.map(({ classId }) => classId),
    damaged: drawn.map(({ state }) => state === "bad"),
  };
}
