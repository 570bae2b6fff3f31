import { check } from "../errors.js";
import {
  type GridSampleVariant,
  gridBackwardKernel,
  gridCornersKernel,
  gridSampleKernel,
} from "../kernels/grid-sample.js";
import { formatShape, type Shape } from "../shape.js";
import { Tensor } from "../tensor.js";
import { defineOp, FLOATS } from "./define.js";
import { mul } from "./elementwise.js";
import { scatterAdd } from "./gather.js";
import { launch } from "./launch.js";
import { FLAG, oneOf } from "./options.js";
import { generate } from "./reference.js";
import { permute, reshape } from "./shape.js";

export interface GridSampleOptions {
  /** Whether -1 and 1 are the centres of the corner pixels; otherwise (default) the image's edges. */
  alignCorners?: boolean;
  /** Outside the image: zeros (default), the nearest pixel of its border, or the image mirrored at its edges. */
  padding?: "zeros" | "border" | "reflection";
}

/**
 * Samples of images at positions, by bilinear interpolation, as PyTorch's `grid_sample`.
 *
 * @param x [batch, channels, height, width].
 * @param grid [batch, outHeight, outWidth, 2]: (x, y) from -1 to 1. NaN gives NaN.
 * @returns [batch, channels, outHeight, outWidth].
 * @example const warped = gridSample(images, grid, { padding: "border" });
 */
export const gridSample = defineOp("gridSample", {
  check: (x: Tensor, grid: Tensor, options: GridSampleOptions = {}) => {
    const { alignCorners = false, padding = "zeros" } = options;
    check(
      x.rank === 4 && grid.rank === 4 && grid.shape[0] === x.shape[0] && grid.shape[3] === 2,
      "shape",
      () =>
        `gridSample: x is ${formatShape(x.shape)} and grid ${formatShape(grid.shape)}; give [batch, channels, height, width] ` +
        "and [batch, outHeight, outWidth, 2]",
    );
    check(
      x.shape[2] * x.shape[3] > 0 || grid.size === 0,
      "shape",
      () => `gridSample: x ${formatShape(x.shape)} has no values to sample`,
    );
    return { x, grid, alignCorners, padding };
  },
  options: { at: 2, takes: { alignCorners: FLAG, padding: oneOf("zeros", "border", "reflection") } },
  takes: FLOATS,
  shape: ({ x, grid }) => [x.shape[0], x.shape[1], grid.shape[1], grid.shape[2]],
  kernel: (call, out) => ({
    kernel: gridSampleKernel(variantOf(call)),
    tensors: { x: call.x, grid: call.grid },
    ...plan(call.x.shape, call.grid, out.size),
  }),
  flop: (_, out) => 11 * out.size,
  saves: { x: ["grid"], grid: ["x", "grid"] },
  vjp: {
    x: ({ g, grid, shapes, ...call }) => {
      const [batch, channels, height, width] = shapes.x;
      const places = grid.size / 2;
      const index = Tensor.empty(g.device, [4 * places], "int32");
      const weight = Tensor.empty(g.device, [4, places, 1]);
      const run = plan(shapes.x, grid, places);
      launch({ kernel: gridCornersKernel(variantOf(call)), tensors: { grid, index, weight }, ...run });
      const values = mul(weight, reshape(permute(g, [0, 2, 3, 1]), [1, places, channels]));
      const added = scatterAdd(
        reshape(values, [4 * places, channels]),
        index,
        [batch * height * width, channels],
        0,
      );
      return permute(reshape(added, [batch, height, width, channels]), [0, 3, 1, 2]);
    },
    grid: ({ g, x, grid, ...call }) => {
      const out = Tensor.empty(g.device, grid.shape);
      const run = plan(x.shape, grid, grid.size / 2);
      launch({ kernel: gridBackwardKernel(variantOf(call)), tensors: { x, grid, g, out }, ...run });
      return out;
    },
  },
  reference: ({ x, grid, alignCorners, padding }) => {
    const [batch, channels, height, width] = x.shape;
    const [, outHeight, outWidth] = grid.shape;
    const position = (at: number, size: number) => {
      const raw = alignCorners ? ((at + 1) / 2) * (size - 1) : ((at + 1) * size - 1) / 2;
      if (padding === "zeros") return raw;
      const inside = padding === "border" ? raw : mirrored(raw, size, alignCorners);
      return Math.min(Math.max(inside, 0), size - 1);
    };
    return generate([batch, channels, outHeight, outWidth], ([b, c, oy, ox]) => {
      const place = ((b * outHeight + oy) * outWidth + ox) * 2;
      const px = position(grid.values[place], width);
      const py = position(grid.values[place + 1], height);
      if (Number.isNaN(px) || Number.isNaN(py)) return Number.NaN;
      let value = 0;
      for (const y of [Math.floor(py), Math.floor(py) + 1])
        for (const left of [Math.floor(px), Math.floor(px) + 1]) {
          if (y < 0 || left < 0 || y >= height || left >= width) continue;
          const weight = (1 - Math.abs(py - y)) * (1 - Math.abs(px - left));
          value += weight * x.values[((b * channels + c) * height + y) * width + left];
        }
      return value;
    });
  },
});

const variantOf = ({ alignCorners, padding }: GridSampleVariant): GridSampleVariant => ({
  alignCorners,
  padding,
});

/** Where a place mirrored at the edges, or at the centres of the corner pixels, comes to lie. */
function mirrored(at: number, size: number, alignCorners: boolean): number {
  const [low, span] = alignCorners ? [0, Math.max(1, size - 1)] : [-0.5, size];
  const from = Math.abs(Math.min(Math.max(at, -1e6), 1e6) - low) % (2 * span);
  return low + Math.min(from, 2 * span - from);
}

function plan(x: Shape, grid: Tensor, count: number) {
  const [, channels, height, width] = x;
  const places = grid.shape[1] * grid.shape[2];
  return { uniforms: { channels, height, width, places }, over: [count] as const };
}
