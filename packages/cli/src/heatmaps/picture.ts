import { toRGB } from "@inctrl/datasets";
import { type Box, decodeInput, type RgbImage } from "@inctrl/inctrl";

/** Pictures are drawn at most this many pixels a side: larger ones would take seconds and say no more. */
const LARGEST_SIDE = 2048;

/** An image made small enough to draw on, and by how much. */
export interface Photo {
  readonly image: RgbImage;
  /** A box in pixels of the original, in those of `image`. */
  place(box: Box): Box;
}

/** Reads an image to draw on. Throws ImageError. */
export async function openPhoto(path: string): Promise<Photo> {
  const original = toRGB(await decodeInput(path));
  const image = shrink(original, Math.ceil(Math.max(original.width, original.height) / LARGEST_SIDE));
  const [sx, sy] = [image.width / original.width, image.height / original.height];
  const place = ({ x, y, width, height }: Box) => ({
    x: x * sx,
    y: y * sy,
    width: width * sx,
    height: height * sy,
  });
  return { image, place };
}

/** Averages squares of `factor` x `factor` pixels; a rest at the right and the bottom joins the last square. */
export function shrink(image: RgbImage, factor: number): RgbImage {
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
          for (let c = 0; c < 3; c++) sum[c]! += image.data[at + c]!;
        }
      }
      const pixels = (bottom - y * factor) * (right - x * factor);
      for (let c = 0; c < 3; c++) data[(y * width + x) * 3 + c] = Math.round(sum[c]! / pixels);
    }
  }
  return { width, height, data };
}
