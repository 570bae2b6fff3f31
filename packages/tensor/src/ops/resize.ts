import type { UniformValues } from "../device/commands.js";
import { check } from "../errors.js";
import { resizeBackwardKernel, resizeKernel } from "../kernels/resize.js";
import { checkPair, formatShape, type Shape, sizeOf } from "../shape.js";
import { Tensor } from "../tensor.js";
import { defineOp, FLOATS } from "./define.js";
import { launch } from "./launch.js";
import { FLAG } from "./options.js";
import { generate } from "./reference.js";

export interface ResizeOptions {
  /** Whether the corner pixels' centres keep their places; otherwise (default) the image's edges do. */
  alignCorners?: boolean;
}

/**
 * Images resized by bilinear interpolation, as PyTorch's `interpolate`. Does not smooth where it shrinks.
 *
 * @param x [..., height, width].
 * @param size [height, width] of the result.
 * @example resizeBilinear(maps, [240, 240]);
 */
export const resizeBilinear = defineOp("resizeBilinear", {
  check: (x: Tensor, size: readonly [number, number], options: ResizeOptions = {}) => {
    check(
      x.rank >= 2 && x.shape.slice(-2).every((side) => side > 0),
      "shape",
      () => `resizeBilinear: ${formatShape(x.shape)} is no image; give [..., height, width], neither 0`,
    );
    checkPair("resizeBilinear: size", size, 1);
    return { x, size, alignCorners: options.alignCorners ?? false };
  },
  options: { at: 2, takes: { alignCorners: FLAG } },
  takes: FLOATS,
  shape: ({ x, size }) => [...x.shape.slice(0, -2), ...size],
  kernel: (call, out) => ({
    kernel: resizeKernel(),
    tensors: { x: call.x },
    uniforms: uniformsOf(call.x.shape, call),
    over: [out.size],
  }),
  flop: (_, out) => 9 * out.size,
  vjp: {
    x: ({ g, shapes, ...call }) => {
      const out = Tensor.empty(g.device, shapes.x);
      if (out.size === 0) return out;
      const uniforms = uniformsOf(shapes.x, call);
      launch({ kernel: resizeBackwardKernel(), tensors: { g, out }, uniforms, over: [out.size] });
      return out;
    },
  },
  reference: ({ x, size, alignCorners }) => {
    const [height, width] = x.shape.slice(-2);
    const tap = (o: number, out: number, side: number) => {
      const position = alignCorners
        ? (o * (side - 1)) / Math.max(1, out - 1)
        : Math.max(0, ((o + 0.5) * side) / out - 0.5);
      const lower = Math.min(Math.floor(position), side - 1);
      return { lower, upper: Math.min(lower + 1, side - 1), t: position - lower };
    };
    return generate([sizeOf(x.shape.slice(0, -2)), ...size], ([plane, oy, ox]) => {
      const [row, column] = [tap(oy, size[0], height), tap(ox, size[1], width)];
      const pixel = (y: number, left: number) => x.values[(plane * height + y) * width + left];
      const line = (y: number) => pixel(y, column.lower) * (1 - column.t) + pixel(y, column.upper) * column.t;
      return line(row.lower) * (1 - row.t) + line(row.upper) * row.t;
    });
  },
});

function uniformsOf(
  from: Shape,
  { size, alignCorners }: { size: readonly [number, number]; alignCorners: boolean },
): UniformValues {
  const [inY, inX] = from.slice(-2);
  const [outY, outX] = size;
  const scale = (side: number, out: number) =>
    alignCorners ? (side - 1) / Math.max(1, out - 1) : side / out;
  return {
    ...{ inY, inX, outY, outX },
    ...{ scaleY: scale(inY, outY), scaleX: scale(inX, outX), shift: alignCorners ? 0 : 0.5 },
  };
}
