import type { PositionRule } from "../config/types.js";
import { ClipError } from "../errors.js";
import { cubic, filterTaps, type Taps } from "../preprocess/filters.js";

/** Patches down and across. */
export interface Grid {
  readonly rows: number;
  readonly columns: number;
}

interface PositionalSizes {
  /** Patches a side in the checkpoint. */
  readonly from: number;
  /** Patches wanted. */
  readonly to: Grid;
  readonly width: number;
  /** Rows of class tokens before those of patches. Default 1. */
  readonly prefix?: number;
  /** Default "antialias". */
  readonly rule?: PositionRule;
}

/** Parameter of the cubic kernel in PyTorch's interpolation without antialiasing. */
const A = -0.75;

/** Weights along one axis of `from` positions for an axis of `to`. */
function positionTaps(rule: PositionRule, from: number, to: number): Taps {
  if (rule === "antialias") return filterTaps("bicubic", from, to);
  const scale = from / (rule === "offset" ? to + 0.1 : to);
  const stride = 4;
  const [starts, counts] = [new Int32Array(to), new Int32Array(to)];
  const weights = new Float64Array(stride * to);
  for (let i = 0; i < to; i++) {
    const centre = (i + 0.5) * scale - 0.5;
    const first = Math.floor(centre) - 1;
    const inside = (k: number) => Math.min(from - 1, Math.max(0, first + k));
    starts[i] = inside(0);
    counts[i] = inside(3) - inside(0) + 1;
    for (let k = 0; k < 4; k++) weights[i * stride + inside(k) - starts[i]] += cubic(centre - first - k, A);
  }
  return { starts, counts, weights, stride };
}

/** The same as a matrix, [to, from], row-major. */
export function positionMatrix(rule: PositionRule, from: number, to: number): Float32Array {
  const { starts, counts, weights, stride } = positionTaps(rule, from, to);
  const matrix = new Float32Array(to * from);
  for (let i = 0; i < to; i++)
    matrix.set(weights.subarray(i * stride, i * stride + counts[i]), i * from + starts[i]);
  return matrix;
}

/**
 * Resizes a (prefix + from^2, width) positional embedding to (prefix + rows x columns, width) by bicubic interpolation. "antialias" is
 * PyTorch's `interpolate(mode="bicubic", antialias=True, align_corners=False)`. Rows of class tokens are kept, and a table that has
 * the grid already is returned as it is.
 *
 * @example
 * resizePositional(values, { from: 14, to: { rows: 15, columns: 15 }, width: 768 })
 */
export function resizePositional(
  values: Float32Array,
  { from, to: { rows: down, columns: across }, width, prefix = 1, rule = "antialias" }: PositionalSizes,
): Float32Array {
  if (values.length !== (prefix + from * from) * width)
    throw new ClipError(
      "keys",
      `positional embedding: ${values.length} values are not (${prefix} + ${from}x${from}) x ${width}`,
    );
  if (from === down && from === across) return values.slice();
  const out = new Float32Array((prefix + down * across) * width);
  out.set(values.subarray(0, prefix * width));
  const x = positionTaps(rule, from, across);
  // Along x, (from, from) to (from, across); then along y. Intermediates stay in float64.
  const rows = new Float64Array(from * across * width);
  for (let row = 0; row < from; row++)
    for (let i = 0; i < across; i++)
      for (let j = 0; j < x.counts[i]; j++) {
        const weight = x.weights[i * x.stride + j];
        const source = (prefix + row * from + x.starts[i] + j) * width;
        const target = (row * across + i) * width;
        for (let c = 0; c < width; c++) rows[target + c] += weight * values[source + c];
      }
  const y = positionTaps(rule, from, down);
  const line = new Float64Array(across * width);
  for (let i = 0; i < down; i++) {
    line.fill(0);
    for (let j = 0; j < y.counts[i]; j++) {
      const weight = y.weights[i * y.stride + j];
      const row = (y.starts[i] + j) * line.length;
      for (let c = 0; c < line.length; c++) line[c] += weight * rows[row + c];
    }
    out.set(line, prefix * width + i * line.length);
  }
  return out;
}
