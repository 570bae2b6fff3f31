import type { PreprocessConfig } from "../config/types.js";

/** How many times brighter or darker an image may become: what is farther from the brightness wanted is so by what it shows. */
const MOST_GAIN = 2;

/**
 * Evens out how a square image was taken: smooths it, so that sensor noise and focus tell less, and multiplies it by 1/2 to 2, so that
 * its mean is or comes nearer to the configured brightness. Two images of one thing in light of other strength come out alike; a
 * digit on black stays a thing on black. Turning the square commutes with it.
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
  const values = new Float32Array(pixels.length);
  for (let i = 0; i < values.length; i++) values[i] = pixels[i]! / 255;
  const row = 3 * Math.round(Math.sqrt(values.length / 3));
  for (let pass = 0; pass < smoothing; pass++) {
    for (let start = 0; start < values.length; start += row) smooth(values.subarray(start, start + row), 3);
    smooth(values, row);
  }
  if (brightness === undefined) return values;
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  const wanted = brightness / (sum / values.length);
  const gain = Math.min(MOST_GAIN, Math.max(1 / MOST_GAIN, wanted));
  for (let i = 0; i < values.length; i++) values[i]! *= gain;
  return values;
}

/** Weights 1 2 1 over each value and those `step` before and after it; beyond the ends the line goes on as at them. */
function smooth(values: Float32Array, step: number): void {
  const before = values.slice(0, step);
  const last = values.length - step;
  for (let i = 0, k = 0; i < values.length; i++) {
    const here = values[i]!;
    values[i] = 0.5 * here + 0.25 * (before[k]! + (i < last ? values[i + step]! : here));
    before[k] = here;
    k = k === step - 1 ? 0 : k + 1;
  }
}
