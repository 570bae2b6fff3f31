import { wgslScalar } from "../dtype.js";
import { check } from "../errors.js";
import { padded8, padKernel } from "../kernels/strided.js";
import { formatShape, normalizeAxis, type Shape, sizeOf, stridesOf } from "../shape.js";
import { Tensor } from "../tensor.js";
import { place } from "./copy.js";
import { ANY, defineOp, type Op } from "./define.js";
import { launch } from "./launch.js";
import { generate, valueAt } from "./reference.js";
import { slice } from "./shape.js";

/** Ranges that leave all axes whole but one. */
const along = (axis: number, start: number, end: number) => [
  ...new Array<null>(axis).fill(null),
  [start, end] as const,
];

/** An op that joins tensors along an axis, each seen under another shape first. */
/* @__NO_SIDE_EFFECTS__ */
const join = (
  name: string,
  axisOf: (parts: readonly Tensor[], axis: number) => number,
  viewOf: (shape: Shape, axis: number) => Shape,
): Op<[parts: readonly Tensor[], axis?: number]> =>
  defineOp(name, {
    check: (given: readonly Tensor[], axis?: number) => {
      check(given.length > 0, "argument", () => `${name}: the list is empty; give at least one tensor`);
      const parts = [...given];
      const [first] = parts;
      const at = axisOf(parts, axis ?? 0);
      for (const [i, part] of parts.entries()) {
        check(
          typeOf(part) === typeOf(first),
          "dtype",
          () => `${name}: part ${i} is ${part.dtype} and part 0 ${first.dtype}; cast them to one type`,
        );
        const [own, other] = [viewOf(part.shape, at), viewOf(first.shape, at)];
        check(
          own.length === other.length && own.every((d, j) => j === at || d === other[j]),
          "shape",
          () =>
            `${name}: part ${i} is ${formatShape(own)} and part 0 ${formatShape(other)}; all axes but ${at} must be equal`,
        );
      }
      const views = parts.map((part) => viewOf(part.shape, at));
      const shape = views[0].with(
        at,
        views.reduce((sum, view) => sum + view[at], 0),
      );
      return { parts, axis: at, shape };
    },
    takes: ANY,
    forward: ({ parts, axis, shape }) => {
      const [first] = parts;
      if (parts.length === 1) return first.view(shape);
      const out = Tensor.empty(first.device, shape, first.dtype);
      const strides = stridesOf(shape);
      const whole = sizeOf(shape.slice(0, axis)) === 1;
      let offset = 0;
      for (const part of parts) {
        const view = viewOf(part.shape, axis);
        if (whole) out.device.copy(part.buffer, 0, out.buffer, offset * 4, part.bytes);
        else place(part.view(view), out, strides, offset);
        offset += view[axis] * strides[axis];
      }
      return out;
    },
    vjp: {
      parts: ({ g, axis, shapes, index }) => {
        const sizes = shapes.parts.map((shape) => viewOf(shape, axis)[axis]);
        const start = sizes.slice(0, index).reduce((a, b) => a + b, 0);
        return slice(g, along(axis, start, start + sizes[index])).view(shapes.parts[index]);
      },
    },
    reference: ({ parts, axis, shape }) =>
      generate(shape, (at) => {
        let place = at[axis];
        let i = 0;
        for (; place >= viewOf(parts[i].shape, axis)[axis]; i++) place -= viewOf(parts[i].shape, axis)[axis];
        return valueAt(
          { shape: viewOf(parts[i].shape, axis), values: parts[i].values },
          at.with(axis, place),
        );
      }),
  });

/** The type in which a tensor's values move. */
const typeOf = ({ dtype }: Tensor) => (dtype === "float16" ? "float32" : dtype);

/**
 * Joins tensors along an axis; along the first one also above the binding limit.
 *
 * @param parts one or more, of one type and equal in all other axes.
 * @throws TensorError `shape` where other axes differ, `dtype` for mixed types, `argument` for an empty list.
 * @example
 * const tokens = concat([classToken, patches], 1); // [b, 1, d] and [b, 225, d] give [b, 226, d]
 */
export const concat = join(
  "concat",
  ([first], axis) => normalizeAxis("concat", axis, first.rank),
  (shape) => shape,
);

/**
 * Joins tensors of one shape along a new axis.
 *
 * @example stack([a, b]); // two of [3, 4] give [2, 3, 4]
 */
export const stack = join(
  "stack",
  ([first], axis) => normalizeAxis("stack", axis, first.rank + 1),
  (shape, axis) => [...shape.slice(0, axis), 1, ...shape.slice(axis)],
);

/**
 * Cuts a tensor along an axis; along the first one also above the binding limit.
 *
 * @param sizes how long each part is, together the axis; or a number: that many equal parts.
 * @throws TensorError `shape` where the sizes do not add up to the axis.
 * @example
 * const [q, k, v] = split(qkv, 3, -1);
 * const [head, rest] = split(x, [1, 225], 1);
 */
export const split = defineOp("split", {
  check: (x: Tensor, sizes: number | readonly number[], given?: number) => {
    const axis = normalizeAxis("split", given ?? 0, x.rank);
    const size = x.shape[axis];
    const lengths =
      typeof sizes === "number"
        ? new Array<number>(Math.max(0, Math.floor(sizes))).fill(size / sizes)
        : sizes;
    check(
      lengths.every((n) => Number.isInteger(n) && n >= 0) && lengths.reduce((a, b) => a + b, 0) === size,
      "shape",
      () =>
        typeof sizes === "number"
          ? `split: axis ${axis} of ${formatShape(x.shape)} does not divide into ${sizes} equal parts; give the sizes`
          : `split: sizes ${formatShape(sizes)} must add up to axis ${axis} of ${formatShape(x.shape)}`,
    );
    const starts = lengths.map((_, i) => lengths.slice(0, i).reduce((a, b) => a + b, 0));
    return { x, axis, lengths, starts };
  },
  takes: ANY,
  forward: (call) => {
    const { x, axis, lengths, starts } = call;
    if (sizeOf(x.shape.slice(0, axis)) > 1) return slices(call);
    return lengths.map((length, i) => {
      const out = Tensor.empty(x.device, x.shape.with(axis, length), x.dtype);
      const bytesPer = 4 * sizeOf(x.shape.slice(axis + 1));
      x.device.copy(x.buffer, starts[i] * bytesPer, out.buffer, 0, out.bytes);
      return out;
    });
  },
  onTape: (call) => slices(call),
  reference: ({ x, axis, lengths, starts }) =>
    lengths.map((length, i) =>
      generate(x.shape.with(axis, length), (at) => valueAt(x, at.with(axis, at[axis] + starts[i]))),
    ),
});

interface Split {
  x: Tensor;
  axis: number;
  lengths: readonly number[];
  starts: readonly number[];
}

const slices = ({ x, axis, lengths, starts }: Split): Tensor[] =>
  lengths.map((length, i) => slice(x, along(axis, starts[i], starts[i] + length)));

/**
 * Surrounds a tensor with a constant.
 *
 * @param widths for each axis how many values go before and after it.
 * @example pad(image, [[0, 0], [2, 2], [2, 2]]); // [3, h, w] gives [3, h + 4, w + 4]
 */
export const pad: Op<[x: Tensor, widths: readonly (readonly [number, number])[], value?: number]> = defineOp(
  "pad",
  {
    check: (x: Tensor, widths: readonly (readonly [number, number])[], value?: number) => {
      check(
        widths.length === x.rank && widths.flat().every((w) => Number.isInteger(w) && w >= 0),
        "shape",
        () =>
          `pad: widths [${widths.map(formatShape).join(", ")}] must hold two non-negative whole numbers for each axis of ` +
          formatShape(x.shape),
      );
      const shape = x.shape.map((d, i) => widths[i][0] + d + widths[i][1]);
      return { x, widths, value: value ?? 0, shape };
    },
    takes: ANY,
    forward: ({ x, widths, value, shape }) => {
      const last = widths.findLastIndex(([before, after]) => before + after > 0);
      if (last < 0) return x.view(shape);
      const out = Tensor.empty(x.device, shape, x.dtype);
      // What follows the last widened axis moves with it.
      const inner = sizeOf(shape.slice(last + 1));
      const length = shape[last] * inner;
      const before = widths.slice(0, last).map(([width]) => width);
      launch({
        kernel: padKernel(wgslScalar(x.dtype)),
        tensors: { x, out },
        uniforms: {
          value: x.dtype === "bool" ? Number(value !== 0) : value,
          axes: last,
          start: widths[last][0] * inner,
          width: x.shape[last] * inner,
          shape: padded8(shape.slice(0, last), 1),
          inner: padded8(x.shape.slice(0, last), 1),
          before: padded8(before, 0),
        },
        over: [length === 0 ? 0 : out.size / length, length],
      });
      return out;
    },
    vjp: {
      x: ({ g, widths, shapes }) =>
        slice(
          g,
          widths.map(([before], i) => [before, before + shapes.x[i]] as const),
        ),
    },
    reference: ({ x, widths, value, shape }) =>
      generate(shape, (at) => {
        const from = at.map((c, i) => c - widths[i][0]);
        return from.every((c, i) => c >= 0 && c < x.shape[i]) ? valueAt(x, from) : value;
      }),
  },
);
