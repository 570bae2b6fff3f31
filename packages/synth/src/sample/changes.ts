import type { Exposure, Photo } from "../draw/camera.js";
import { type Canvas, mark, type Window } from "../draw/canvas.js";

/** The smallest window around all pixels that differ, within the window that was painted again. */
export function changedWithin(before: Canvas, after: Canvas, painted: Window): Window {
  const { size } = before;
  let [left, top, right, bottom] = [painted.right, painted.bottom, painted.left, painted.top];
  for (let y = painted.top; y < painted.bottom; y++) {
    for (let x = painted.left, p = y * size + x; x < painted.right; x++, p++) {
      const isSame =
        before.green[p] === after.green[p] &&
        before.height[p] === after.height[p] &&
        before.red[p] === after.red[p] &&
        before.blue[p] === after.blue[p] &&
        before.gloss[p] === after.gloss[p];
      if (isSame) continue;
      if (x < left) left = x;
      if (x >= right) right = x + 1;
      if (y < top) top = y;
      bottom = y + 1;
    }
  }
  return right > left ? { left, top, right, bottom } : { left: 0, top: 0, right: 0, bottom: 0 };
}

/**
 * Marks visibly different pixels and those next to them.
 *
 * @param demand the contrast that counts as plain, relative to sensor noise and the variation of the surface; about 1.
 * @returns whether enough pixels differ plainly.
 */
export function markChanges(
  before: Exposure,
  after: Exposure,
  photo: Photo,
  window: Window,
  demand: number,
  mask: Uint8Array,
): boolean {
  const { size } = before;
  const threshold = 0.014 / photo.exposure;
  const plain = (demand * (0.06 + 1.5 * photo.noise + 0.7 * contrast(before, window))) / photo.exposure;
  mask.fill(0);
  let strong = 0;
  const margin = Math.max(1, Math.round(size / 120));
  for (let y = window.top; y < window.bottom; y++) {
    for (let x = window.left, p = y * size + x; x < window.right; x++, p++) {
      const change = changeAt(before, after, p, photo.grey);
      if (change < threshold) continue;
      if (change > plain) strong++;
      mark(mask, size, x, y, margin, window);
    }
  }
  return strong >= Math.max(4, 0.0025 * size * size);
}

/** The standard deviation of green within the window. */
function contrast({ size, channels: [, green] }: Exposure, window: Window): number {
  let [sum, squares] = [0, 0];
  for (let y = window.top; y < window.bottom; y++) {
    for (let x = window.left, p = y * size + x; x < window.right; x++, p++) {
      sum += green[p];
      squares += green[p] * green[p];
    }
  }
  const n = Math.max(1, (window.right - window.left) * (window.bottom - window.top));
  return Math.sqrt(Math.max(0, squares / n - (sum / n) * (sum / n)));
}

function changeAt(
  { channels: [r, g, b] }: Exposure,
  { channels: [s, h, c] }: Exposure,
  p: number,
  grey: boolean,
): number {
  const [dr, dg, db] = [s[p] - r[p], h[p] - g[p], c[p] - b[p]];
  if (grey) return Math.abs(0.3 * dr + 0.59 * dg + 0.11 * db);
  return Math.max(Math.abs(dr), Math.abs(dg), Math.abs(db));
}
