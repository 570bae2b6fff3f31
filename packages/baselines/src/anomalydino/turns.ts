import type { Augmentation, View } from "@inctrl/detect";

/**
 * Prompts turned in equal steps about the middle of the view: bilinear, on the same canvas, with corners filled by the image mirrored
 * without its edge, as AnomalyDINO's program has them from OpenCV.
 *
 * @param count turns of a whole circle.
 */
export const turnsOf = (count: number): Augmentation => ({
  name: `turned in ${count} steps`,
  count,
  variant: (view, number) => (number === 0 ? view : turned(view, (360 * number) / count)),
});

/** A view turned counter-clockwise by some degrees, to whole values. */
export function turned(view: View, degrees: number): View {
  const { width, height, pixels } = view;
  const [sin, cos] = [Math.sin((degrees * Math.PI) / 180), Math.cos((degrees * Math.PI) / 180)];
  const [middleX, middleY] = [width / 2, height / 2];
  const out = new Uint8Array(3 * width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [right, down] = [x - middleX, y - middleY];
      const [fromX, fromY] = [cos * right - sin * down + middleX, sin * right + cos * down + middleY];
      const [left, top] = [Math.floor(fromX), Math.floor(fromY)];
      const columns = [left, left + 1].map((at) => mirrored(at, width));
      const rows = [top, top + 1].map((at) => mirrored(at, height));
      const [partX, partY] = [fromX - left, fromY - top];
      for (let c = 0; c < 3; c++) {
        const at = (row: number, column: number) => pixels[3 * (rows[row] * width + columns[column]) + c];
        const upper = at(0, 0) + partX * (at(0, 1) - at(0, 0));
        const lower = at(1, 0) + partX * (at(1, 1) - at(1, 0));
        out[3 * (y * width + x) + c] = Math.round(upper + partY * (lower - upper));
      }
    }
  }
  return { ...view, pixels: out };
}

/** The pixel that stands for the one at `at`, mirrored without the edge as often as it takes. */
function mirrored(at: number, length: number): number {
  if (length === 1) return 0;
  const period = 2 * length - 2;
  const inside = ((at % period) + period) % period;
  return inside < length ? inside : period - inside;
}
