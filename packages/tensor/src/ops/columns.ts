import {
  FLAT,
  FLAT_INDEX,
  flatGrid,
  type Kernel,
  kernel,
  kernelFor,
  type UniformType,
} from "../kernels/kernel.js";
import { planRuns, RUNS } from "../kernels/runs.js";
import type { Shape } from "../shape.js";
import { Tensor } from "../tensor.js";
import { launch } from "./launch.js";

/** Where a convolution's kernel lies on the image; [vertical, horizontal] each. */
export interface Window {
  kernel: readonly [number, number];
  stride: readonly [number, number];
  padding: readonly [number, number];
  dilation: readonly [number, number];
  out: readonly [number, number];
}

const GEOMETRY = Object.fromEntries(
  [
    ...["start", "pixels", "channels", "depth", "height", "width", "outHeight", "outWidth", "kernelY"],
    ...["strideY", "strideX", "padY", "padX", "dilationY", "dilationX"],
  ].map((name): [string, UniformType] => [name, "u32"]),
);

const geometry = (shape: Shape, window: Window, groups: number, start: number, rows: number) => {
  const { kernel: size, stride, padding, dilation, out } = window;
  const [, channels, height, width] = shape;
  return {
    ...{ start, pixels: rows, channels, depth: channels / groups, height, width },
    ...{ outHeight: out[0], outWidth: out[1], kernelY: size[0] },
    ...{ strideY: stride[0], strideX: stride[1], padY: padding[0], padX: padding[1] },
    ...{ dilationY: dilation[0], dilationX: dilation[1] },
  };
};

/** The column matrix is made for as many rows at once as fit into this, or into a binding where that is less. */
const COLUMN_BYTES = 2 ** 27;

/** How many rows of `values` floats are made at a time. */
export function rowsAtOnce(rows: number, values: number, { caps }: Tensor["device"]): number {
  const fits = Math.floor(Math.min(caps.maxBindingBytes, COLUMN_BYTES) / (4 * Math.max(1, values)));
  // The lowest tile of any kernel family has 4 rows.
  return Math.max(1, Math.min(rows, fits, 4 * caps.maxWorkgroupsPerDimension));
}

/**
 * im2col: the values under the kernel at output pixels `start` to `start + rows` (counted over batch, y and x) as rows:
 * [groups, rows, in / groups * kh * kw], zeros outside of the image.
 */
export function columns(x: Tensor, window: Window, groups: number, start: number, rows: number): Tensor {
  const [kh, kw] = window.kernel;
  const out = Tensor.empty(x.device, [groups, rows, (x.shape[1] / groups) * kh * kw]);
  const { uniforms, grid } = planRuns(groups * rows, kw, x.device.caps);
  launch(
    columnsKernel(),
    { x, out },
    { ...uniforms, ...geometry(x.shape, window, groups, start, rows) },
    out.size === 0 ? [0, 0, 0] : grid,
  );
  return out;
}

const columnsKernel = (): Kernel =>
  kernelFor("im2col", () =>
    kernel({
      name: "im2col",
      reads: { x: "f32" },
      writes: { out: "f32" },
      uniforms: { ...RUNS.uniforms, ...GEOMETRY },
      workgroup: FLAT,
      // A run is one line of the kernel; coordinates above or left of the image wrap around and so are past its end too.
      body: `  ${RUNS.begin}
  let pixel = u.start + row % u.pixels;
  let top = (pixel / u.outWidth) % u.outHeight * u.strideY - u.padY;
  let left = pixel % u.outWidth * u.strideX - u.padX;
  let channel = pixel / (u.outWidth * u.outHeight) * u.channels + row / u.pixels * u.depth;
  var to = row * u.depth * u.kernelY * u.length;
  for (var c = 0u; c < u.depth; c++) {
    for (var ky = 0u; ky < u.kernelY; ky++) {
      let y = top + ky * u.dilationY;
      let line = ((channel + c) * u.height + y) * u.width;
      ${RUNS.along} {
        let at = left + j * u.dilationX;
        if (y < u.height && at < u.width) { out[to + j] = x[line + at]; } else { out[to + j] = 0.0; }
      }
      to += u.length;
    }
  }`,
    }),
  );

/**
 * col2im, the transpose of `columns`: adds each value of the rows to the image's value it came from. Every value of the image
 * collects its own, so no two writes meet.
 */
export function addColumns(rows: Tensor, image: Tensor, window: Window, groups: number, start: number): void {
  launch(
    addColumnsKernel(),
    { rows, image },
    {
      count: image.size,
      kernelX: window.kernel[1],
      ...geometry(image.shape, window, groups, start, rows.shape[1]),
    },
    rows.size === 0 ? [0, 0, 0] : flatGrid(image.size),
  );
}

const addColumnsKernel = (): Kernel =>
  kernelFor("col2im", () =>
    kernel({
      name: "col2im",
      reads: { rows: "f32" },
      writes: { image: "f32" },
      uniforms: { count: "u32", kernelX: "u32", ...GEOMETRY },
      workgroup: FLAT,
      // What lies above or left of the first output pixel wraps around and so is past the last one too.
      body: `${FLAT_INDEX}
  if (i >= u.count) { return; }
  let x = i % u.width;
  let y = i / u.width % u.height;
  let channel = i / (u.width * u.height) % u.channels;
  let first = i / (u.width * u.height * u.channels) * u.outHeight * u.outWidth;
  let base = channel / u.depth * u.pixels;
  var total = 0.0;
  for (var ky = 0u; ky < u.kernelY; ky++) {
    let down = y + u.padY - ky * u.dilationY;
    let oy = down / u.strideY;
    if (oy >= u.outHeight || oy * u.strideY != down) { continue; }
    for (var kx = 0u; kx < u.kernelX; kx++) {
      let right = x + u.padX - kx * u.dilationX;
      let ox = right / u.strideX;
      if (ox >= u.outWidth || ox * u.strideX != right) { continue; }
      let row = first + oy * u.outWidth + ox - u.start;
      if (row >= u.pixels) { continue; }
      total += rows[(((base + row) * u.depth + channel % u.depth) * u.kernelY + ky) * u.kernelX + kx];
    }
  }
  image[i] += total;`,
    }),
  );
