import type { Grid } from "@inctrl/clip";

/**
 * How the foreground is closed: on the grid of patches, or, as AnomalyDINO's program does, on a single column of them, so that the
 * mask grows along rows only and across their ends.
 */
export type MaskRule = "grid" | "released";

/** The first component above it is foreground, in units of DINOv2's features. */
const THRESHOLD = 10;
/** The middle of an image, as shares of its rows and columns. */
const MIDDLE = [0.2, 0.8] as const;
/** A middle with at most this share of foreground means that the component points at the background. */
const MIDDLE_SHARE = 0.35;

const MAX_STEPS = 1000;
/** A direction that moves by less is found; the golden values allow 1e-4. */
const CONVERGED = 1e-10;

/**
 * The first principal component of an image's patches, a value a patch, by power iteration in float64. The patch farthest from 0 is
 * positive, as in the decomposition that AnomalyDINO was published with.
 *
 * @param patches row by row, [patches, width].
 */
export function firstComponent(patches: Float32Array, width: number): Float64Array {
  const count = patches.length / width;
  const centred = centre(patches, width);
  // Starts from the patch farthest from the mean, which the largest variance is seldom orthogonal to.
  let direction: Float64Array = unit(farthest(centred, width));
  let scores: Float64Array = new Float64Array(count);
  for (let step = 0; step < MAX_STEPS; step++) {
    scores = project(centred, direction);
    const next = new Float64Array(width);
    for (let i = 0; i < count; i++)
      for (let c = 0; c < width; c++) next[c] += scores[i] * centred[i * width + c];
    const turned = unit(next);
    const moved = turned.reduce((most, value, c) => Math.max(most, Math.abs(value - direction[c])), 0);
    direction = turned;
    if (moved < CONVERGED) break;
  }
  scores = project(centred, direction);
  const sign = Math.sign(
    scores.reduce((most, value) => (Math.abs(value) > Math.abs(most) ? value : most), 0),
  );
  return sign < 0 ? scores.map((value) => -value) : scores;
}

/**
 * The patches that show the object (AnomalyDINO, section 3.3): those whose first component is above 10, or below -10 where the
 * middle of the image would else be background; widened and closed by 3 x 3 patches.
 *
 * @returns 1 for each patch of the foreground, row by row.
 * @example const mask = foreground(firstComponent(patches, 384), { rows: 32, columns: 32 });
 */
export function foreground(component: Float64Array, grid: Grid, rule: MaskRule = "grid"): Uint8Array {
  const above = Uint8Array.from(component, (value) => Number(value > THRESHOLD));
  const mask = middleShare(above, grid) > MIDDLE_SHARE ? above : component.map((v) => Number(-v > THRESHOLD));
  const shape = rule === "grid" ? grid : { rows: component.length, columns: 1 };
  const grown = dilate(dilate(mask, shape), shape);
  return erode(grown, shape);
}

/** The share of foreground in the middle of an image. */
function middleShare(mask: ArrayLike<number>, { rows, columns }: Grid): number {
  const [top, bottom] = MIDDLE.map((share) => Math.trunc(share * rows));
  const [left, right] = MIDDLE.map((share) => Math.trunc(share * columns));
  let sum = 0;
  for (let y = top; y < bottom; y++) for (let x = left; x < right; x++) sum += mask[y * columns + x];
  return sum / ((bottom - top) * (right - left));
}

/** The largest of each patch and its neighbours; what is outside the grid counts for nothing. */
const dilate = (mask: ArrayLike<number>, grid: Grid): Uint8Array => extreme(mask, grid, Math.max);

/** The smallest of each patch and its neighbours. */
const erode = (mask: ArrayLike<number>, grid: Grid): Uint8Array => extreme(mask, grid, Math.min);

function extreme(
  mask: ArrayLike<number>,
  { rows, columns }: Grid,
  pick: (...values: number[]) => number,
): Uint8Array {
  return Uint8Array.from({ length: rows * columns }, (_, at) => {
    const [y, x] = [Math.floor(at / columns), at % columns];
    let found = mask[at];
    for (let row = Math.max(0, y - 1); row <= Math.min(rows - 1, y + 1); row++)
      for (let column = Math.max(0, x - 1); column <= Math.min(columns - 1, x + 1); column++)
        found = pick(found, mask[row * columns + column]);
    return found;
  });
}

/** Rows less their mean. */
function centre(rows: Float32Array, width: number): Float64Array {
  const count = rows.length / width;
  const mean = new Float64Array(width);
  for (let i = 0; i < rows.length; i++) mean[i % width] += rows[i] / count;
  return Float64Array.from(rows, (value, i) => value - mean[i % width]);
}

/** Each row times a direction. */
function project(rows: Float64Array, direction: Float64Array): Float64Array {
  const width = direction.length;
  const out = new Float64Array(rows.length / width);
  for (let i = 0; i < rows.length; i++) out[Math.floor(i / width)] += rows[i] * direction[i % width];
  return out;
}

/** The longest row. */
function farthest(rows: Float64Array, width: number): Float64Array {
  let longest = rows.subarray(0, width);
  let most = 0;
  for (let at = 0; at < rows.length; at += width) {
    const row = rows.subarray(at, at + width);
    const length = row.reduce((sum, value) => sum + value * value, 0);
    if (length > most) [most, longest] = [length, row];
  }
  return longest;
}

/** A vector at length 1; zeros stay zeros. */
function unit(vector: Float64Array): Float64Array {
  const length = Math.hypot(...vector);
  return length > 0 ? vector.map((value) => value / length) : vector;
}
