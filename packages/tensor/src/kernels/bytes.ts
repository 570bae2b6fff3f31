import { gridStride, perValue } from "./grid.js";
import { defineKernel, u32 } from "./kernel.js";

/*
 * Pictures of 8-bit samples. Between kernels a pixel is one uint32: red, green, blue and alpha from its lowest byte up.
 *
 * Resizing goes across and then down. An output is a sum of samples by weights in fixed point, taken in int32, then rounded and cut to
 * 8 bits, after each of the two: Pillow's arithmetic (Resample.c, ImagingResampleHorizontal_8bpc). Whole numbers have no order of
 * summation, so every device gives the same bytes. `taps` has a row for each output: its first sample, their number, and the weights;
 * `u.stride` is the length of a row, and `u.top` the first row of the picture that is needed.
 */

/** Fractional bits of a weight. */
export const WEIGHT_BITS = 22;

/** Samples of a pixel in a packed picture, and whether the last of them is alpha, which then weighs the colours. */
export interface SampleVariant {
  readonly channels: 1 | 2 | 3 | 4;
  readonly alpha: boolean;
}

const PIXELS = `fn bytes_of(pixel: u32) -> vec4u { return (vec4u(pixel) >> vec4u(0u, 8u, 16u, 24u)) & vec4u(255u); }
fn pixel_of(v: vec4u) -> u32 { return v.x | (v.y << 8u) | (v.z << 16u) | (v.w << 24u); }
fn rounded(sum: vec4i) -> vec4u { return vec4u(clamp(sum >> vec4u(${WEIGHT_BITS}u), vec4i(0), vec4i(255))); }`;

const HALF = `vec4i(${2 ** (WEIGHT_BITS - 1)})`;

/** WGSL for the pixel whose first byte is number `place`; a pixel of three bytes may lie in two words. */
const LOAD: Readonly<Record<SampleVariant["channels"], string>> = {
  1: `let v = vec4u(vec3u((bytes[place >> 2u] >> ((place & 3u) * 8u)) & 255u), 0u);`,
  2: `let pair = bytes[place >> 2u] >> ((place & 2u) * 8u);
  let v = vec4u(vec3u(pair & 255u), (pair >> 8u) & 255u);`,
  3: `let shift = (place & 3u) * 8u;
  var low = bytes[place >> 2u] >> shift;
  if (shift > 8u) { low |= bytes[(place >> 2u) + 1u] << (32u - shift); }
  let v = bytes_of(low & 0xffffffu);`,
  4: `let v = bytes_of(bytes[place >> 2u]);`,
};

export const resizeAcrossKernel = defineKernel(
  "resize bytes across",
  ({ channels, alpha }: SampleVariant) => ({
    reads: { bytes: "u32", taps: "i32" },
    writes: { out: "u32" },
    uniforms: u32("width", "columns", "top", "stride"),
    split: perValue,
    declare: `${PIXELS}
fn sample(place: u32) -> vec4u {
  ${LOAD[channels]}
  ${alpha ? "let product = v.xyz * v.w + 128u;\n  return vec4u(((product >> vec3u(8u)) + product) >> vec3u(8u), v.w);" : "return v;"}
}`,
    body: `  let at = i % u.columns * u.stride;
  let end = at + 2u + u32(taps[at + 1u]);
  var place = ((u.top + i / u.columns) * u.width + u32(taps[at])) * ${channels}u;
  var sum = ${HALF};
  for (var k = at + 2u; k < end; k++) {
    sum += taps[k] * vec4i(sample(place));
    place += ${channels}u;
  }
  out[i] = pixel_of(rounded(sum));`,
  }),
);

export const resizeDownKernel = defineKernel(
  "resize bytes down",
  ({ alpha }: Pick<SampleVariant, "alpha">) => ({
    reads: { rows: "u32", taps: "i32" },
    writes: { out: "u32" },
    uniforms: u32("columns", "top", "stride"),
    split: perValue,
    declare: PIXELS,
    body: `  let at = i / u.columns * u.stride;
  let end = at + 2u + u32(taps[at + 1u]);
  var place = (u32(taps[at]) - u.top) * u.columns + i % u.columns;
  var sum = ${HALF};
  for (var k = at + 2u; k < end; k++) {
    sum += taps[k] * vec4i(bytes_of(rows[place]));
    place += u.columns;
  }
  var v = rounded(sum);
  ${alpha ? "if (v.w > 0u && v.w < 255u) { v = vec4u(min(vec3u(255u), v.xyz * 255u / v.w), v.w); }" : ""}
  out[i] = pixel_of(v);`,
  }),
);

/** Planes of pixels, each byte looked up in the table of its plane. `u.plane` is the number of pixels in a picture. */
export const bytePlanesKernel = defineKernel("byte planes", () => ({
  reads: { x: "u32", table: "f32" },
  writes: { out: "f32" },
  uniforms: u32("plane", "planes"),
  split: gridStride,
  body: `    let plane = i / u.plane;
    let c = plane % u.planes;
    let pixel = x[plane / u.planes * u.plane + i % u.plane];
    out[i] = table[c * 256u + ((pixel >> (8u * c)) & 255u)];`,
}));
