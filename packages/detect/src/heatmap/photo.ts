import { type Box, type Picture, type Raster, toRGB } from "@inctrl/datasets";
import type { Grid } from "../detector.js";
import { checkRgb, refuse, roundBox, wholeOf } from "./canvas.js";
import { resizeImage } from "./resample.js";

/** An image made small enough to draw on, and by how much. */
export interface Photo {
  readonly image: Picture;
  /** Moves a box from pixels of the original to those of `image`. */
  place(box: Box): Box;
}

/** Scales an RGB image to a height; the width keeps within 1:2 and 2:1, so that odd shapes leave room for the rest. */
export function fitHeight(original: Picture, height: number): Photo {
  checkRgb(original);
  const width = Math.round(height * Math.min(2, Math.max(0.5, original.width / original.height)));
  const [sx, sy] = [width / original.width, height / original.height];
  return {
    image: resizeImage(original, wholeOf(original), width, height),
    place: ({ x, y, width: w, height: h }) =>
      roundBox({ x: x * sx, y: y * sy, width: w * sx, height: h * sy }),
  };
}

/** The part of a box that a patch of a grid over it covers. @throws RangeError where the grid has no such patch. */
export function patchBox({ x, y, width, height }: Box, { rows, columns }: Grid, patch: number): Box {
  const [column, row] = [patch % columns, Math.floor(patch / columns)];
  if (!Number.isInteger(patch) || patch < 0 || row >= rows)
    throw refuse(`there is no patch ${patch} in ${rows} rows and ${columns} columns`);
  const [w, h] = [width / columns, height / rows];
  return { x: x + column * w, y: y + row * h, width: w, height: h };
}

/**
 * An image to draw on, made smaller by a whole factor.
 *
 * @param factorOf the factor for a longer side of so many pixels.
 */
export function photoOf(original: Raster, factorOf: (side: number) => number): Photo {
  const { width, height } = original;
  const image = shrink(toRGB(original), factorOf(Math.max(width, height)));
  const [sx, sy] = [image.width / width, image.height / height];
  const place = (box: Box) => ({
    x: box.x * sx,
    y: box.y * sy,
    width: box.width * sx,
    height: box.height * sy,
  });
  return { image, place };
}

/** Averages squares of `factor` x `factor` pixels. Pixels left over at the right and the bottom join the last square. */
function shrink(image: Picture, factor: number): Picture {
  if (factor <= 1) return image;
  const width = Math.max(1, Math.floor(image.width / factor));
  const height = Math.max(1, Math.floor(image.height / factor));
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    const bottom = y === height - 1 ? image.height : (y + 1) * factor;
    for (let x = 0; x < width; x++) {
      const right = x === width - 1 ? image.width : (x + 1) * factor;
      const sum = [0, 0, 0];
      for (let row = y * factor; row < bottom; row++) {
        for (let column = x * factor; column < right; column++) {
          const at = (row * image.width + column) * 3;
          for (let c = 0; c < 3; c++) sum[c] += image.data[at + c];
        }
      }
      const pixels = (bottom - y * factor) * (right - x * factor);
      for (let c = 0; c < 3; c++) data[(y * width + x) * 3 + c] = Math.round(sum[c] / pixels);
    }
  }
  return { width, height, data };
}
