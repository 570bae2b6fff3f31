import { ALONG, rowStride } from "./grid.js";
import { defineKernel, u32 } from "./kernel.js";

/*
 * Kernels that walk tensors by strides. Shapes and strides come as arrays of eight, aligned at the end; offsets, strides and
 * lengths count elements of the bound type. Negative strides wrap: sums of u32 are exact.
 */

/** Fills an array of eight from the front. */
export const padded8 = (values: readonly number[], fill: number): number[] => [
  ...new Array<number>(8 - values.length).fill(fill),
  ...values,
];

/** WGSL that turns a flat index `i` over `u.shape` into an offset by `u.NAME` for each name, as `at_NAME`. */
export function offsetLoop(names: readonly string[]): string {
  const starts = names.map((name) => `  var at_${name} = 0u;`).join("\n");
  const adds = names.map((name) => `    at_${name} += c * u.${name}[d / 4u][d % 4u];`).join("\n");
  return `${starts}
  var rest = i;
  for (var j = 0u; j < 8u; j++) {
    let d = 7u - j;
    let size = u.shape[d / 4u][d % 4u];
    let c = rest % size;
    rest = rest / size;
${adds}
    if (rest == 0u) { break; }
  }`;
}

/**
 * Copies between a contiguous tensor and places at offset + sum(c * strides): from there to `out`, or (`scatter`) from a
 * contiguous x to there. Rows go along the last axis, so the offset of a row is worked out once.
 */
export const copyKernel = defineKernel(
  "strided copy",
  ({ type, scatter }: { type: string; scatter: boolean }) => ({
    name: scatter ? "strided write" : "strided copy",
    reads: { x: type },
    writes: { out: type },
    uniforms: { offset: "u32", step: "u32", shape: "u32x8", strides: "u32x8" },
    split: rowStride,
    body: `  var at = u.offset;
  var rest = row;
  for (var i = 0u; i < 8u && rest > 0u; i++) {
    let d = 7u - i;
    let size = u.shape[d / 4u][d % 4u];
    at += (rest % size) * u.strides[d / 4u][d % 4u];
    rest = rest / size;
  }
  ${ALONG} { ${scatter ? "out[at + j * u.step] = x[row * u.length + j]" : "out[row * u.length + j] = x[at + j * u.step]"}; }`,
  }),
);

/** Surrounds x with a constant; rows go along the last widened axis. Coordinates before the start wrap and so are past the end. */
export const padKernel = defineKernel("pad", (type: "f32" | "i32" | "u32") => ({
  reads: { x: type },
  writes: { out: type },
  uniforms: {
    value: type,
    ...u32("axes", "start", "width"),
    ...{ shape: "u32x8", inner: "u32x8", before: "u32x8" },
  },
  split: rowStride,
  body: `  var rest = row;
  var at = 0u;
  var stride = u.width;
  var inside = true;
  for (var i = 0u; i < u.axes; i++) {
    let d = 7u - i;
    let size = u.shape[d / 4u][d % 4u];
    let inner = u.inner[d / 4u][d % 4u];
    let c = rest % size - u.before[d / 4u][d % 4u];
    rest = rest / size;
    inside = inside && c < inner;
    at += c * stride;
    stride *= inner;
  }
  ${ALONG} {
    let c = j - u.start;
    var value = u.value;
    if (inside && c < u.width) { value = x[at + c]; }
    out[row * u.length + j] = value;
  }`,
}));
