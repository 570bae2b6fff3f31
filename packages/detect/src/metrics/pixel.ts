import { labelRegions } from "./label-regions.js";

/** A scored image: scores and, where it is anomalous, a mask of the same size. */
export interface PixelMap {
  readonly width: number;
  readonly height: number;
  /** A score a pixel, row by row; higher is more anomalous. */
  readonly scores: ArrayLike<number>;
  /** Not 0 where anomalous. Null: nowhere. */
  readonly mask: ArrayLike<number> | null;
}

/** How well maps find anomalous pixels; null where normal or anomalous pixels are missing. */
export interface PixelMetrics {
  /** Area under the ROC curve over all pixels. */
  readonly auroc: number | null;
  /** Area under the per-region-overlap curve up to `limit`, over `limit`. */
  readonly aupro: number | null;
  /** Connected anomalous regions, by 8 neighbours. */
  readonly regions: number;
  readonly pixels: number;
}

/**
 * Pixel AUROC and AUPRO of the maps of a category, over every threshold. AUPRO (Bergmann et al. 2020, "Uninformed
 * Students", section 4) averages, at each threshold, the share of each connected anomalous region that is found, so that
 * small defects count as much as large ones, and integrates it over the false positive rate from 0 to `limit`.
 * Takes about 24 bytes a pixel: give maps at the size they are compared at, not at the camera's.
 *
 * @param limit the largest false positive rate, 0.3 in the literature
 * @throws RangeError for sizes that do not fit, NaN scores, or a limit outside (0, 1]
 * @example
 * pixelMetrics([{ width: 2, height: 1, scores: [0.1, 0.9], mask: [0, 1] }]).aupro; // 1
 */
export function pixelMetrics(maps: readonly PixelMap[], limit = 0.3): PixelMetrics {
  if (!(limit > 0 && limit <= 1)) throw new RangeError(`limit ${limit}: give a rate above 0, up to 1`);
  const { scores, regionOf, regionSizes } = collect(maps);
  const pixels = scores.length;
  let normals = pixels;
  for (const size of regionSizes) normals -= size;
  const regions = regionSizes.length;
  if (normals === 0 || regions === 0) return { auroc: null, aupro: null, regions, pixels };

  const order = descending(scores);
  const positives = pixels - normals;
  let [truePositives, falsePositives, overlap] = [0, 0, 0];
  let [rocArea, proArea] = [0, 0];
  for (let at = 0; at < pixels; ) {
    const before = { truePositives, falsePositives, overlap };
    // Pixels of one score pass the threshold together.
    const score = scores[order[at]];
    for (; at < pixels && scores[order[at]] === score; at++) {
      const region = regionOf[order[at]];
      if (region === 0) falsePositives++;
      else {
        truePositives++;
        overlap += 1 / regionSizes[region - 1];
      }
    }
    rocArea += ((falsePositives - before.falsePositives) * (truePositives + before.truePositives)) / 2;
    proArea += areaUpTo(
      limit * normals,
      before.falsePositives,
      falsePositives,
      before.overlap / regions,
      overlap / regions,
    );
  }
  return {
    auroc: rocArea / (positives * normals),
    aupro: proArea / (limit * normals),
    regions,
    pixels,
  };
}

/** The area under the line from (x0, y0) to (x1, y1), as far as x lies below `end`. */
function areaUpTo(end: number, x0: number, x1: number, y0: number, y1: number): number {
  if (x0 >= end || x1 === x0) return 0;
  const x = Math.min(x1, end);
  const y = y0 + ((y1 - y0) * (x - x0)) / (x1 - x0);
  return ((x - x0) * (y0 + y)) / 2;
}

/** All pixels in a row: their scores, and which region each lies in, counted from 1 (0: normal). */
function collect(maps: readonly PixelMap[]) {
  const pixels = maps.reduce((sum, { width, height }) => sum + width * height, 0);
  const scores = new Float32Array(pixels);
  const regionOf = new Uint32Array(pixels);
  const regionSizes: number[] = [];
  let start = 0;
  for (const [i, { width, height, scores: own, mask }] of maps.entries()) {
    const size = width * height;
    if (own.length !== size || (mask && mask.length !== size)) {
      const found = `${own.length} scores${mask ? ` and a mask of ${mask.length}` : ""}`;
      throw new RangeError(`map ${i}: ${found} for ${width} x ${height} pixels; bring both to one size`);
    }
    scores.set(own, start);
    if (mask) labelRegions(mask, width, height, regionOf.subarray(start, start + size), regionSizes);
    start += size;
  }
  const nan = scores.findIndex(Number.isNaN);
  if (nan >= 0) throw new RangeError(`pixel ${nan} of all maps has no score (NaN); leave that image out`);
  return { scores, regionOf, regionSizes };
}

/** Indices of the scores from the highest to the lowest: a radix sort, as there are millions of pixels. */
function descending(scores: Float32Array): Uint32Array {
  const bits = new Uint32Array(scores.buffer, scores.byteOffset, scores.length);
  // The bits of a float32 as an integer that orders as the float does, turned around.
  const keys = bits.map((b) => (b === 0x80000000 ? 0x7fffffff : b & 0x80000000 ? b : ~(b | 0x80000000)));
  let order = keys.map((_, i) => i);
  let next = new Uint32Array(keys.length);
  const places = new Uint32Array(0x10000);
  for (const shift of [0, 16]) {
    places.fill(0);
    for (const key of keys) places[(key >>> shift) & 0xffff]++;
    let sum = 0;
    for (let digit = 0; digit < places.length; digit++) {
      const count = places[digit];
      places[digit] = sum;
      sum += count;
    }
    for (const i of order) next[places[(keys[i] >>> shift) & 0xffff]++] = i;
    [order, next] = [next, order];
  }
  return order;
}
