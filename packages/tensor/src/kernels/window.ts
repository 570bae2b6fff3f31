import { u32 } from "./kernel.js";

/*
 * The left operand of a convolution as a product (implicit im2col). Row r is the window under the kernel at output pixel r of images
 * [b, height, width, pitch], counted over batch, y and x. It is read where it lies: one run of `run` values for each place of the
 * kernel, zeros outside of the image. Places that lie side by side may be one run. The number of values is
 * k = kernelY * kernelX * run.
 */

/** The geometry in uniforms. Coordinates outside of the image wrap around and so are past its end too. */
export const WINDOW_UNIFORMS = u32(
  ...["run", "pitch", "height", "width", "outHeight", "outWidth", "kernelY", "kernelX"],
  ...["strideY", "strideX", "padY", "padX", "dilationY", "dilationX"],
);

/** WGSL functions: the window of a row (its image's first line, top and left), and where a place of the kernel begins in it. */
export const WINDOW = `fn window(row: u32) -> vec3u {
  let y = row / u.outWidth % u.outHeight;
  return vec3u(row / (u.outWidth * u.outHeight) * u.height, y * u.strideY - u.padY, row % u.outWidth * u.strideX - u.padX);
}
fn windowHolds(w: vec3u, ky: u32, kx: u32) -> bool {
  return w.y + ky * u.dilationY < u.height && w.z + kx * u.dilationX < u.width;
}
fn windowAt(w: vec3u, ky: u32, kx: u32) -> u32 {
  return ((w.x + w.y + ky * u.dilationY) * u.width + w.z + kx * u.dilationX) * u.pitch;
}`;

/** WGSL function: the window of the row after. Divisions take software adapters long, so a loop over rows makes none. */
export const NEXT_WINDOW = `fn nextWindow(w: vec3u) -> vec3u {
  let x = w.z + u.strideX;
  let lineEnds = x == u.outWidth * u.strideX - u.padX;
  let y = select(w.y, w.y + u.strideY, lineEnds);
  let imageEnds = y == u.outHeight * u.strideY - u.padY;
  return vec3u(select(w.x, w.x + u.height, imageEnds), select(y, 0u - u.padY, imageEnds), select(x, 0u - u.padX, lineEnds));
}`;
