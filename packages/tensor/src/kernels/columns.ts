import { ALONG, perValue, rowStride } from "./grid.js";
import { defineKernel, u32 } from "./kernel.js";

/* im2col and its transpose, for convolutions. Coordinates outside of the image wrap around and so are past its end too. */

const GEOMETRY = u32(
  ...["start", "pixels", "channels", "depth", "height", "width", "outHeight", "outWidth", "kernelY"],
  ...["strideY", "strideX", "padY", "padX", "dilationY", "dilationX"],
);

/**
 * The values under the kernel at output pixels `start` to `start + pixels`, as rows [groups, pixels, depth * kh * kw]; zeros
 * outside of the image. A row of the split is one pixel of one group, and `along` one line of the kernel.
 */
export const columnsKernel = defineKernel("im2col", () => ({
  reads: { x: "f32" },
  writes: { out: "f32" },
  uniforms: GEOMETRY,
  split: rowStride,
  body: `  let pixel = u.start + row % u.pixels;
  let top = (pixel / u.outWidth) % u.outHeight * u.strideY - u.padY;
  let left = pixel % u.outWidth * u.strideX - u.padX;
  let channel = pixel / (u.outWidth * u.outHeight) * u.channels + row / u.pixels * u.depth;
  var to = row * u.depth * u.kernelY * u.length;
  for (var c = 0u; c < u.depth; c++) {
    for (var ky = 0u; ky < u.kernelY; ky++) {
      let y = top + ky * u.dilationY;
      let line = ((channel + c) * u.height + y) * u.width;
      ${ALONG} {
        let at = left + j * u.dilationX;
        if (y < u.height && at < u.width) { out[to + j] = x[line + at]; } else { out[to + j] = 0.0; }
      }
      to += u.length;
    }
  }`,
}));

/** Adds rows as `columnsKernel` makes them to the image; every value of the image collects its own, so no two writes meet. */
export const addColumnsKernel = defineKernel("col2im", () => ({
  reads: { rows: "f32" },
  writes: { image: "f32" },
  uniforms: { kernelX: "u32", ...GEOMETRY },
  split: perValue,
  body: `  let x = i % u.width;
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
}));
