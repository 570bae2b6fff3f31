import { ALONG, rowStride } from "./grid.js";
import { defineKernel, u32 } from "./kernel.js";

/*
 * Pictures of 8-bit samples. Between kernels a pixel is one uint32: red, green, blue and alpha from its lowest byte up.
 *
 * Resizing goes across and then down. An output is a sum of samples by weights in fixed point, taken in int32, then rounded and cut to
 * 8 bits, after each of the two: Pillow's arithmetic (Resample.c, ImagingResampleHorizontal_8bpc). Whole numbers have no order of
 * summation, so every device gives the same bytes. `taps` has a row for each output, `u.stride` fours long: its first sample and the
 * number of fours of weights, then these, filled up with zeros: what lies beyond the last sample, or the buffer, does not count. Samples are
 * taken in fours too, which need a third of the loads. `u.top` is the first row of the picture that is needed.
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

/** WGSL for a pixel's samples, from the lowest bits of a word. */
const SAMPLES: Readonly<Record<SampleVariant["channels"], string>> = {
  1: "vec4u(vec3u(word & 255u), 0u)",
  2: "vec4u(vec3u(word & 255u), (word >> 8u) & 255u)",
  3: "bytes_of(word & 0xffffffu)",
  4: "bytes_of(word)",
};

/** WGSL for four pixels, each in the lowest bits of a word, out of as many words a, b, c, d as a pixel has bytes. */
const FOUR: Readonly<Record<SampleVariant["channels"], readonly string[]>> = {
  1: ["a", "a >> 8u", "a >> 16u", "a >> 24u"],
  2: ["a", "a >> 16u", "b", "b >> 16u"],
  3: ["a", "(a >> 24u) | (b << 8u)", "(b >> 16u) | (c << 16u)", "c >> 8u"],
  4: ["a", "b", "c", "d"],
};

/** WGSL that sums four values by the weights `w`. */
const weighed = (samples: readonly string[]): string =>
  samples.map((sample, i) => `w.${"xyzw"[i]} * ${sample}`).join(" + ");

/** A pixel's first byte may lie anywhere in a word: words are then joined of two, of which the second is the next one's first. */
export const resizeAcrossKernel = defineKernel(
  "resize bytes across",
  ({ channels, alpha }: SampleVariant) => ({
    reads: { bytes: "u32", taps: "vec4i" },
    writes: { out: "u32" },
    uniforms: u32("width", "top", "stride"),
    split: rowStride,
    declare: `${PIXELS}
fn samples(word: u32) -> vec4i {
  let v = ${SAMPLES[channels]};
  ${alpha ? "let product = v.xyz * v.w + 128u;\n  return vec4i(vec4u(((product >> vec3u(8u)) + product) >> vec3u(8u), v.w));" : "return vec4i(v);"}
}
fn joined(low: u32, high: u32, shift: u32) -> u32 { return (low >> shift) | ((high << (31u - shift)) << 1u); }`,
    body: `  ${ALONG} {
    let at = j * u.stride;
    let end = at + 1u + u32(taps[at].y);
    let place = ((u.top + row) * u.width + u32(taps[at].x)) * ${channels}u;
    let shift = (place & 3u) * 8u;
    var source = place >> 2u;
    var word0 = bytes[source];
    var sum = ${HALF};
    for (var k = at + 1u; k < end; k++) {
      let w = taps[k];
      ${Array.from({ length: channels }, (_, i) => `let word${i + 1} = bytes[source + ${i + 1}u];`).join(" ")}
      ${Array.from({ length: channels }, (_, i) => `let ${"abcd"[i]} = joined(word${i}, word${i + 1}, shift);`).join(" ")}
      sum += ${weighed(FOUR[channels].map((word) => `samples(${word})`))};
      word0 = word${channels};
      source += ${channels}u;
    }
    out[row * u.length + j] = pixel_of(rounded(sum));
  }`,
  }),
);

export const resizeDownKernel = defineKernel(
  "resize bytes down",
  ({ alpha }: Pick<SampleVariant, "alpha">) => ({
    reads: { rows: "u32", taps: "vec4i" },
    writes: { out: "u32" },
    uniforms: u32("top", "stride"),
    split: rowStride,
    declare: `${PIXELS}
fn samples(place: u32) -> vec4i { return vec4i(bytes_of(rows[place])); }`,
    body: `  let at = row * u.stride;
  let end = at + 1u + u32(taps[at].y);
  let first = (u32(taps[at].x) - u.top) * u.length;
  ${ALONG} {
    var place = first + j;
    var sum = ${HALF};
    for (var k = at + 1u; k < end; k++) {
      let w = taps[k];
      sum += ${weighed([0, 1, 2, 3].map((i) => `samples(place + ${i}u * u.length)`))};
      place += 4u * u.length;
    }
    var v = rounded(sum);
    ${alpha ? "if (v.w > 0u && v.w < 255u) { v = vec4u(min(vec3u(255u), v.xyz * 255u / v.w), v.w); }" : ""}
    out[row * u.length + j] = pixel_of(v);
  }`,
  }),
);

/** Planes of pixels, each byte looked up in the table of its plane: a row of the split is a plane. */
export const bytePlanesKernel = defineKernel("byte planes", () => ({
  reads: { x: "u32", table: "f32" },
  writes: { out: "f32" },
  uniforms: u32("planes"),
  split: rowStride,
  body: `  let c = row % u.planes;
  let first = row / u.planes * u.length;
  ${ALONG} { out[row * u.length + j] = table[c * 256u + ((x[first + j] >> (8u * c)) & 255u)]; }`,
}));
