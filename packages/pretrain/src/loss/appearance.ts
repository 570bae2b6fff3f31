import type { PreprocessConfig } from "@inctrl/clip";
import { add, div, mean, mul, square, sub, type Tensor, tensor } from "@inctrl/tensor";
import type { CaptionedBatch } from "../data/batch.js";
import { groupCosines, groupsOf } from "./groups.js";

/** Directions of gradients that are distinguished. */
const DIRECTIONS = 8;
/** Sides, in pixels, of the squares that are averaged before gradients are taken. */
const SCALES = [1, 2, 4];
/** The weight of grey value and colour relative to gradients. */
const TONE = 0.6;
/** Added to the variance of cosines, which is 0 where all patches are equal. */
const MIN_SPREAD = 1e-6;

/**
 * The error between the similarity of patch tokens and that of plain descriptions of the patches (`describePatches`): the mean
 * squared difference of cosines over the variance of the descriptions' cosines, mean over the blocks. The n-th block is compared with
 * descriptions averaged over the patches at most n - 1 away. Without this part the network forgets grey value and contrast, which an
 * untrained network keeps and which help on images of other kinds.
 *
 * Patches of all images are compared with those of the first image of their group only. All good images of a group of eight
 * would cost four times as much.
 *
 * @param taps patches of each tapped block, [count, patches, width].
 * @param patch pixels a side of a patch.
 */
export function appearanceLoss(
  taps: readonly Tensor[],
  batch: CaptionedBatch,
  patch: number,
  preprocess: Pick<PreprocessConfig, "mean" | "std">,
): Tensor {
  const { values, length } = describePatches(batch, patch, preprocess);
  const grid = Math.floor(batch.size / patch);
  const groups = groupsOf(batch);
  const strays = taps.map((tap, reach) => {
    const looks = tensor(tap.device, widened(values, grid, length, reach), [
      batch.count,
      grid * grid,
      length,
    ]);
    const [own, wanted] = [groupCosines(tap, groups), groupCosines(looks, groups)];
    const spread = mean(square(sub(wanted, mean(wanted))));
    return div(mean(square(sub(own, wanted))), add(spread, MIN_SPREAD));
  });
  return mul(
    strays.reduce((all, each) => add(all, each)),
    1 / taps.length,
  );
}

/**
 * Describes each patch by its grey value, two opponent colours, and histograms of gradient directions at three scales (after Dalal
 * and Triggs 2005).
 *
 * @returns [count, patches, length], as one array, and its length.
 */
export function describePatches(
  { count, size, pixels }: CaptionedBatch,
  patch: number,
  { mean, std }: Pick<PreprocessConfig, "mean" | "std">,
): { values: Float32Array; length: number } {
  const scales = SCALES.filter((scale) => patch % scale === 0);
  const grid = Math.floor(size / patch);
  const side = grid * patch;
  const length = 3 + DIRECTIONS * scales.length;
  const values = new Float32Array(count * grid * grid * length);
  const grey = new Float32Array(side * side);
  const share = TONE / (patch * patch);
  for (let i = 0; i < count; i++) {
    /** The index at which the description of the patch at a pixel begins. */
    const placeOf = (y: number, x: number, pixelsOfPatch: number) =>
      (i * grid * grid + Math.floor(y / pixelsOfPatch) * grid + Math.floor(x / pixelsOfPatch)) * length;
    for (let y = 0, p = 0; y < side; y++) {
      for (let x = 0; x < side; x++, p++) {
        const from = 3 * (i * size * size + y * size + x);
        const r = (pixels[from] / 255 - mean[0]) / std[0];
        const g = (pixels[from + 1] / 255 - mean[1]) / std[1];
        const b = (pixels[from + 2] / 255 - mean[2]) / std[2];
        grey[p] = (r + g + b) / 3;
        const at = placeOf(y, x, patch);
        values[at] += share * grey[p];
        values[at + 1] += share * (r - g);
        values[at + 2] += share * ((r + g) / 2 - b);
      }
    }
    scales.forEach((scale, s) => {
      const pixelsOfPatch = patch / scale;
      const feature = 3 + s * DIRECTIONS;
      addGradients(
        shrunk(grey, side, scale),
        side / scale,
        values,
        pixelsOfPatch ** -2,
        (y, x) => placeOf(y, x, pixelsOfPatch) + feature,
      );
    });
  }
  return { values, length };
}

/** Means over squares with a side of `scale` pixels. */
function shrunk(grey: Float32Array, side: number, scale: number): Float32Array {
  if (scale === 1) return grey;
  const small = side / scale;
  const out = new Float32Array(small * small);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      out[Math.floor(y / scale) * small + Math.floor(x / scale)] += grey[y * side + x] / (scale * scale);
    }
  }
  return out;
}

/** Half of the directions; the others are their opposites. */
const COMPASS = Array.from({ length: DIRECTIONS / 2 }, (_, d) => (2 * Math.PI * d) / DIRECTIONS).map(
  (angle) => [Math.cos(angle), Math.sin(angle)] as const,
);

/**
 * Adds the gradient at each pixel, split by direction and times `share`, to the pixel's entries of `values`. The border is repeated
 * outwards.
 */
function addGradients(
  grey: Float32Array,
  side: number,
  values: Float32Array,
  share: number,
  placeOf: (y: number, x: number) => number,
): void {
  const last = side - 1;
  for (let y = 0; y < side; y++) {
    const [above, below] = [Math.max(0, y - 1) * side, Math.min(last, y + 1) * side];
    for (let x = 0; x < side; x++) {
      const dx = grey[y * side + Math.min(last, x + 1)] - grey[y * side + Math.max(0, x - 1)];
      const dy = grey[below + x] - grey[above + x];
      const at = placeOf(y, x);
      for (let d = 0; d < COMPASS.length; d++) {
        const along = share * (dx * COMPASS[d][0] + dy * COMPASS[d][1]);
        if (along > 0) values[at + d] += along;
        else values[at + d + COMPASS.length] -= along;
      }
    }
  }
}

/** Means over the patches within `reach`, with the border repeated outwards. */
export function widened(values: Float32Array, grid: number, length: number, reach: number): Float32Array {
  if (reach === 0) return values;
  const out = new Float32Array(values.length);
  const inside = (at: number) => Math.min(grid - 1, Math.max(0, at));
  const share = 1 / (2 * reach + 1) ** 2;
  for (let start = 0; start < values.length; start += grid * grid * length) {
    for (let y = 0; y < grid; y++) {
      for (let x = 0; x < grid; x++) {
        const to = start + (y * grid + x) * length;
        for (let v = y - reach; v <= y + reach; v++) {
          for (let u = x - reach; u <= x + reach; u++) {
            const from = start + (inside(v) * grid + inside(u)) * length;
            for (let f = 0; f < length; f++) out[to + f] += share * values[from + f];
          }
        }
      }
    }
  }
  return out;
}
