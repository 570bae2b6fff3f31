import { check } from "../errors.js";
import { checkWhole, formatShape, normalizeAxis, sizeOf } from "../shape.js";
import type { Tensor } from "../tensor.js";
import { composeOp } from "./compose.js";
import { alongAxis } from "./reference.js";
import { reshape } from "./shape.js";
import { expand } from "./sum.js";

/**
 * Merges axes `start` to `end`, both included, into one; by default all. A single value becomes [1]. No copy.
 *
 * @example flatten(images, 1); // [8, 3, 32, 32] gives [8, 3072]
 */
export const flatten = composeOp("flatten", {
  check: (x: Tensor, start: number = 0, end: number = -1) => {
    if (x.rank === 0) return { x, shape: [1] };
    const [first, last] = [normalizeAxis("flatten", start, x.rank), normalizeAxis("flatten", end, x.rank)];
    check(
      first <= last,
      "argument",
      () => `flatten: axis ${start} of ${formatShape(x.shape)} stands behind axis ${end}`,
    );
    const merged = sizeOf(x.shape.slice(first, last + 1));
    return { x, shape: [...x.shape.slice(0, first), merged, ...x.shape.slice(last + 1)] };
  },
  build: ({ x, shape }) => reshape(x, shape),
  reference: ({ x }) => x.values,
});

/**
 * Repeats each value along an axis, as NumPy's repeat: [a, b] twice gives [a, a, b, b].
 *
 * @example repeat(x, 2, 0); // [3, 4] gives [6, 4]
 */
export const repeat = composeOp("repeat", {
  check: (x: Tensor, count: number, axis: number = -1) => {
    checkWhole("repeat: count", count);
    return { x, count, axis: normalizeAxis("repeat", axis, x.rank) };
  },
  build: ({ x, count, axis }) => {
    const lead = sizeOf(x.shape.slice(0, axis + 1));
    const inner = sizeOf(x.shape.slice(axis + 1));
    const shape = x.shape.map((size, i) => (i === axis ? size * count : size));
    return reshape(expand(reshape(x, [lead, 1, inner]), [lead, count, inner]), shape);
  },
  reference: ({ x, count, axis }) =>
    alongAxis(x, axis, (row) => row.flatMap((v) => new Array(count).fill(v))),
});
