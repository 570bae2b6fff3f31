import { zeros } from "../../create.js";
import { concat, pad } from "../../ops/concat.js";
import { gather, takeAlongAxis } from "../../ops/gather.js";
import { scatterAdd, scatterAlongAxis } from "../../ops/scatter.js";
import { permute, reshape, type SliceRange, slice, unsqueeze } from "../../ops/shape.js";
import { normalizeAxis } from "../../shape.js";
import type { Tensor } from "../../tensor.js";
import { input, type Rule, unbroadcast } from "../rule.js";

const reshaped: Rule = [input([], ({ g, shapes }) => reshape(g, shapes[0]))];

/** Where a part of a join begins along the axis, from the inputs' shapes. */
const startOf = (shapes: readonly (readonly number[])[], axis: number, index: number): number =>
  shapes.slice(0, index).reduce((sum, shape) => sum + shape[axis], 0);

/** The axis an op works along, counted from the front. */
interface Along {
  axis: number;
}

/** Gradients of ops that move values. */
export const SHAPE_RULES: Record<string, Rule> = {
  cast: reshaped,
  view: reshaped,
  permute: [
    input<{ order: readonly number[] }>([], ({ g, attributes: { order } }) => {
      const back = new Array<number>(order.length);
      order.forEach((axis, i) => {
        back[normalizeAxis("permute", axis, order.length)] = i;
      });
      return permute(g, back);
    }),
  ],
  expand: [input([], ({ g, shapes }) => unbroadcast(g, shapes[0]))],
  slice: [
    input<{ ranges: readonly SliceRange[] }>([], ({ g, shapes, attributes: { ranges } }) =>
      unslice(g, shapes[0], ranges),
    ),
  ],
  concat: (index) =>
    input<{ axis: number }>([], ({ g, shapes, attributes }) => {
      const axis = normalizeAxis("concat", attributes.axis, g.rank);
      const start = startOf(shapes, axis, index);
      return slice(g, [...new Array(axis).fill(null), [start, start + shapes[index][axis]]]);
    }),
  pad: [
    input<{ widths: readonly (readonly [number, number])[] }>([], ({ g, shapes, attributes }) =>
      slice(
        g,
        attributes.widths.map(([before], i) => [before, before + shapes[0][i]] as const),
      ),
    ),
  ],
  gather: [
    input<Along>([1], ({ g, inputs: [, index], shapes, attributes: { axis } }) =>
      scatterAdd(g, index, shapes[0], axis),
    ),
    null,
  ],
  scatterAdd: [
    input<Along>([1], ({ g, inputs: [, index], shapes, attributes: { axis } }) =>
      reshape(gather(g, index, axis), shapes[0]),
    ),
    null,
  ],
  takeAlongAxis: [
    input<Along>([1], ({ g, inputs: [, index], shapes, attributes: { axis } }) =>
      scatterAlongAxis(g, index, shapes[0], axis),
    ),
    null,
  ],
  scatterAlongAxis: [
    input<Along>([1], ({ g, inputs: [, index], attributes: { axis } }) => takeAlongAxis(g, index, axis)),
    null,
  ],
};

/** Puts the gradient of a slice back where it came from, zeros elsewhere. */
function unslice(g: Tensor, shape: readonly number[], ranges: readonly SliceRange[]): Tensor {
  let result = g;
  for (const [axis, range] of ranges.entries()) {
    const size = shape[axis];
    const kept = result.shape[axis];
    if (!range || (kept === size && (range[2] ?? 1) === 1)) continue;
    const [start, , step = 1] = range;
    const first = Math.min(Math.max(start < 0 ? start + size : start, 0), step > 0 ? size : size - 1);
    result = spread(
      result,
      axis,
      size,
      step > 0 ? first : first + (kept - 1) * step,
      Math.abs(step),
      step < 0,
    );
  }
  return result;
}

/** Values along an axis at start, start + step, ..., of `size`; reversed first where asked. */
function spread(
  g: Tensor,
  axis: number,
  size: number,
  start: number,
  step: number,
  reverse: boolean,
): Tensor {
  const count = g.shape[axis];
  if (count === 0)
    return zeros(
      g.device,
      g.shape.map((d, i) => (i === axis ? size : d)),
    );
  const all = new Array<SliceRange>(axis).fill(null);
  const ordered = reverse ? slice(g, [...all, [-1, Number.NEGATIVE_INFINITY, -1]]) : g;
  let wide = ordered;
  if (step > 1) {
    const apart = unsqueeze(ordered, axis + 1);
    const gaps = zeros(
      g.device,
      apart.shape.map((d, i) => (i === axis + 1 ? step - 1 : d)),
    );
    const shape = ordered.shape.map((d, i) => (i === axis ? d * step : d));
    wide = slice(reshape(concat([apart, gaps], axis + 1), shape), [...all, [0, (count - 1) * step + 1]]);
  }
  const after = size - start - wide.shape[axis];
  const widths = wide.shape.map((_, i): [number, number] => (i === axis ? [start, after] : [0, 0]));
  return pad(wide, widths);
}
