import type { PreprocessConfig } from "../config/types.js";

/** Brightness below which an image is all but black, and what it shows all but noise. */
const DARKEST = 0.01;

/**
 * Evens out how a square image was taken: smooths it, so that sensor noise and focus tell less, and multiplies it so that its mean
 * is the configured brightness, so that exposure tells nothing. Two images of one thing in light of other strength come out alike.
 * Turning the square commutes with it.
 *
 * @param pixels interleaved RGB bytes, (size, size, 3).
 * @returns values of which 1 is white, in the same order; brighter than white where the gain says so.
 * @example
 * evenOut(view.pixels, { brightness: 0.43, smoothing: 1 }); // mean 0.43
 */
export function evenOut(
  pixels: Uint8Array,
  { brightness, smoothing = 0 }: Pick<PreprocessConfig, "brightness" | "smoothing">,
): Float32Array {
  const size = Math.round(Math.sqrt(pixels.length / 3));
  const values = Float32Array.from(pixels, (byte) => byte / 255);
  for (let pass = 0; pass < smoothing; pass++) smooth(values, size);
  if (brightness === undefined) return values;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const gain = brightness / Math.max(mean, DARKEST);
  return values.map((value) => value * gain);
}

/** Weights 1 2 1 along rows, then along columns; beyond the edge the picture goes on as at it. */
function smooth(values: Float32Array, size: number): void {
  const row = 3 * size;
  for (const [step, line] of [
    [3, row],
    [row, 3],
  ] as const) {
    for (let i = 0; i < size; i++) {
      for (let channel = 0; channel < 3; channel++) {
        const start = i * line + channel;
        let before = values[start]!;
        for (let k = 0, at = start; k < size; k++, at += step) {
          const here = values[at]!;
          const after = k < size - 1 ? values[at + step]! : here;
          values[at] = 0.5 * here + 0.25 * (before + after);
          before = here;
        }
      }
    }
  }
}
