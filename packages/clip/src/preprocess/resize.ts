// Pillow's resampling, to the bit: filter weights in fixed point with 22 fractional bits, across first and then
// down, with 8-bit values between. Only what the wanted window needs is computed.
import type { FixedTaps } from "@inctrl/tensor";
import { type Filter, filterTaps } from "./filters.js";

/** Interleaved 8-bit pixels. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Uint8Array;
}

/** A rectangle of whole pixels. */
export interface Window {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

const PRECISION_BITS = 22;
const HALF = 1 << (PRECISION_BITS - 1);
/** Weight of a sample that is taken as it is. */
const ONE = 1 << PRECISION_BITS;

/** Tables that are kept, and the weights of the largest of them: images of a run mostly have one size. */
const [MAX_KEPT, MAX_WEIGHTS] = [64, 2 ** 16];
const kept = new Map<string, FixedTaps>();

/** Taps of outputs [first, first + count) of an axis resized from `from` to `to` samples. An axis that keeps its size is copied. */
export function tapsOf(filter: Filter, from: number, to: number, first: number, count: number): FixedTaps {
  const key = [filter, from, to, first, count].join();
  const known = kept.get(key);
  if (known) return known;
  const taps = from === to ? copyTaps(first, count) : fixedTaps(filter, from, to, first, count);
  if (taps.weights.length > MAX_WEIGHTS) return taps;
  if (kept.size >= MAX_KEPT) kept.delete([...kept.keys()][0]);
  kept.set(key, taps);
  return taps;
}

const copyTaps = (first: number, count: number): FixedTaps => ({
  starts: Int32Array.from({ length: count }, (_, i) => first + i),
  counts: new Int32Array(count).fill(1),
  weights: new Int32Array(count).fill(ONE),
  stride: 1,
});

function fixedTaps(filter: Filter, from: number, to: number, first: number, count: number): FixedTaps {
  const taps = filterTaps(filter, from, to, first, count);
  // Rounded half away from zero.
  const fixed = (weight: number) => Math.trunc(weight * (1 << PRECISION_BITS) + (weight < 0 ? -0.5 : 0.5));
  return { ...taps, weights: Int32Array.from(taps.weights, fixed) };
}

/** The `window` of `image` resized to `size`, as Pillow computes it. An axis that keeps its size is copied. */
export function resizeFiltered(image: Pixels, size: Size, window: Window, filter: Filter): Uint8Array {
  const { left, top, width, height } = window;
  const across =
    image.width === size.width ? undefined : tapsOf(filter, image.width, size.width, left, width);
  const down =
    image.height === size.height ? undefined : tapsOf(filter, image.height, size.height, top, height);
  const firstRow = down?.starts[0] ?? top;
  const lastRow = down ? down.starts.at(-1)! + down.counts.at(-1)! : top + height;
  const rows = across
    ? resizeAcross(image, across, firstRow, lastRow)
    : copyColumns(image, left, width, firstRow, lastRow);
  return down ? resizeDown(rows, width * image.channels, down, firstRow) : rows;
}

function resizeAcross(
  { width, channels, data }: Pixels,
  taps: FixedTaps,
  firstRow: number,
  lastRow: number,
): Uint8Array {
  const { starts, counts, weights, stride } = taps;
  const columns = starts.length;
  // A clamped array cuts overshoot to [0, 255] as it is stored.
  const out = new Uint8ClampedArray((lastRow - firstRow) * columns * channels);
  let to = 0;
  for (let y = firstRow; y < lastRow; y++) {
    const row = y * width * channels;
    for (let x = 0; x < columns; x++) {
      const from = row + starts[x] * channels;
      const tap = x * stride;
      const end = tap + counts[x];
      if (channels >= 3) {
        // Three colours share each load of a weight, which takes two thirds of the time of one after the other.
        let red = HALF;
        let green = HALF;
        let blue = HALF;
        for (let k = tap, at = from; k < end; k++, at += channels) {
          const weight = weights[k];
          red = (red + data[at] * weight) | 0;
          green = (green + data[at + 1] * weight) | 0;
          blue = (blue + data[at + 2] * weight) | 0;
        }
        out[to++] = red >> PRECISION_BITS;
        out[to++] = green >> PRECISION_BITS;
        out[to++] = blue >> PRECISION_BITS;
      }
      for (let c = channels >= 3 ? 3 : 0; c < channels; c++) {
        let sum = HALF;
        for (let k = tap, at = from + c; k < end; k++, at += channels)
          sum = (sum + data[at] * weights[k]) | 0;
        out[to++] = sum >> PRECISION_BITS;
      }
    }
  }
  return new Uint8Array(out.buffer);
}

function copyColumns(
  image: Pixels,
  left: number,
  width: number,
  firstRow: number,
  lastRow: number,
): Uint8Array {
  const { channels, data } = image;
  const out = new Uint8Array((lastRow - firstRow) * width * channels);
  for (let y = firstRow; y < lastRow; y++) {
    const from = (y * image.width + left) * channels;
    out.set(data.subarray(from, from + width * channels), (y - firstRow) * width * channels);
  }
  return out;
}

/** Row by row: each output row is a weighted sum of whole input rows, which keeps reads in order. */
function resizeDown(rows: Uint8Array, rowBytes: number, taps: FixedTaps, firstRow: number): Uint8Array {
  const { starts, counts, weights, stride } = taps;
  const out = new Uint8ClampedArray(starts.length * rowBytes);
  const sums = new Int32Array(rowBytes);
  for (let y = 0; y < starts.length; y++) {
    sums.fill(HALF);
    for (let k = 0; k < counts[y]; k++) {
      const weight = weights[y * stride + k];
      const from = (starts[y] - firstRow + k) * rowBytes;
      for (let i = 0; i < rowBytes; i++) sums[i] += rows[from + i] * weight;
    }
    for (let i = 0; i < rowBytes; i++) out[y * rowBytes + i] = sums[i] >> PRECISION_BITS;
  }
  return new Uint8Array(out.buffer);
}

/** The `window` of `image` resized to `size` as PyTorch resizes tensors with antialiasing: the same weights, and nothing rounded or cut. */
export function resizeUnrounded(
  { width, channels, data, height }: Pixels,
  size: Size,
  window: Window,
  filter: Filter,
): Float32Array {
  const across = filterTaps(filter, width, size.width, window.left, window.width);
  const down = filterTaps(filter, height, size.height, window.top, window.height);
  const rowLength = window.width * channels;
  const rows = new Float64Array(height * rowLength);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < window.width; x++)
      for (let k = 0; k < across.counts[x]; k++)
        for (let c = 0; c < channels; c++)
          rows[y * rowLength + x * channels + c] +=
            across.weights[x * across.stride + k] * data[(y * width + across.starts[x] + k) * channels + c];
  const out = new Float64Array(window.height * rowLength);
  for (let y = 0; y < window.height; y++)
    for (let k = 0; k < down.counts[y]; k++) {
      const [weight, from] = [down.weights[y * down.stride + k], (down.starts[y] + k) * rowLength];
      for (let i = 0; i < rowLength; i++) out[y * rowLength + i] += weight * rows[from + i];
    }
  return Float32Array.from(out);
}

/** The `window` of `image` resized to `size` by nearest neighbour, as Pillow does for palette and 1-bit images. */
export function resizeNearest(
  { width, height, channels, data }: Pixels,
  size: Size,
  window: Window,
): Uint8Array {
  const columns = nearestTaps(width, size.width, window.left, window.width);
  const rows = nearestTaps(height, size.height, window.top, window.height);
  const out = new Uint8Array(window.width * window.height * channels);
  let to = 0;
  for (const y of rows)
    for (const x of columns)
      for (let c = 0, from = (y * width + x) * channels; c < channels; c++) out[to++] = data[from + c];
  return out;
}

/** Positions are summed up, not multiplied: the rounding error so gathered decides ties, as it does in Pillow. */
function nearestTaps(from: number, to: number, first: number, count: number): Int32Array {
  const step = from / to;
  const taps = new Int32Array(count);
  let position = step * 0.5;
  for (let i = 0; i < first + count; i++) {
    if (i >= first) taps[i - first] = Math.min(from - 1, Math.trunc(position));
    position += step;
  }
  return taps;
}
