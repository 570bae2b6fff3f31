import { addColumnsKernel, columnsKernel } from "../kernels/columns.js";
import type { Shape } from "../shape.js";
import { Tensor } from "../tensor.js";
import { launch } from "./launch.js";

/** The geometry of a convolution; [vertical, horizontal] each. */
export interface Window {
  groups: number;
  kernel: readonly [number, number];
  stride: readonly [number, number];
  padding: readonly [number, number];
  dilation: readonly [number, number];
  out: readonly [number, number];
}

const geometry = (shape: Shape, window: Window, start: number, rows: number) => {
  const { groups, kernel: size, stride, padding, dilation, out } = window;
  const [, channels, height, width] = shape;
  return {
    ...{ start, pixels: rows, channels, depth: channels / groups, height, width },
    ...{ outHeight: out[0], outWidth: out[1], kernelY: size[0] },
    ...{ strideY: stride[0], strideX: stride[1], padY: padding[0], padX: padding[1] },
    ...{ dilationY: dilation[0], dilationX: dilation[1] },
  };
};

/** Bytes of the column matrix that is made at a time; less where a binding holds less. */
const COLUMN_BYTES = 2 ** 27;

/** The number of rows of `values` floats that are made at a time. */
export function rowsAtOnce(rows: number, values: number, { caps }: Tensor["device"]): number {
  const fits = Math.floor(Math.min(caps.maxBindingBytes, COLUMN_BYTES) / (4 * Math.max(1, values)));
  // The lowest tile of any kernel family has 4 rows.
  return Math.max(1, Math.min(rows, fits, 4 * caps.maxWorkgroupsPerDimension));
}

/**
 * im2col: the values under the kernel at output pixels `start` to `start + rows` (counted over batch, y and x) as rows:
 * [groups, rows, in / groups * kh * kw], zeros outside of the image.
 */
export function columns(x: Tensor, window: Window, start: number, rows: number): Tensor {
  const { groups, kernel } = window;
  const [kh, kw] = kernel;
  const out = Tensor.empty(x.device, [groups, rows, (x.shape[1] / groups) * kh * kw]);
  launch({
    kernel: columnsKernel(),
    tensors: { x, out },
    uniforms: geometry(x.shape, window, start, rows),
    over: [out.size === 0 ? 0 : groups * rows, kw],
  });
  return out;
}

/**
 * col2im, the transpose of `columns`: adds each value of the rows to the value of the image that it came from. Every value of the image
 * collects its own, so that no two writes collide.
 */
export function addColumns(rows: Tensor, image: Tensor, window: Window, start: number): void {
  launch({
    kernel: addColumnsKernel(),
    tensors: { rows, image },
    uniforms: {
      kernelX: window.kernel[1],
      ...geometry(image.shape, window, start, rows.shape[1]),
    },
    over: [rows.size === 0 ? 0 : image.size],
  });
}
