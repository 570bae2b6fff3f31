import { ALONG, rowStride } from "./grid.js";
import { defineKernel } from "./kernel.js";
import {
  DEVIATION_INVERSE,
  inverseNormOf,
  momentsOf,
  type RowVariant,
  rowElement,
  rowSplit,
} from "./rows.js";

/* Normalisations of rows [rows, n]; work split: rowSplit. */

/** out = (x - mean) / sqrt(var + eps) * weight + bias; NaN where the variance leaves the range of float32. */
export const layerNormKernel = defineKernel(
  "layer norm",
  ({ shared, wide, weight, bias }: RowVariant & { weight: boolean; bias: boolean }) => {
    const [split, element] = [rowSplit(shared), rowElement(wide)];
    const { type, values } = element;
    const scaled = weight ? "(x[base + i] - mean) * inverse * weight[i]" : "(x[base + i] - mean) * inverse";
    const along = (body: string) => `for (var i = ${split.start}; i < count; i += ${split.step}) { ${body} }`;
    return {
      reads: { x: type, ...(weight && { weight: type }), ...(bias && { bias: type }) },
      writes: { out: type },
      uniforms: { n: "u32", eps: "f32" },
      split,
      declare: DEVIATION_INVERSE,
      body: `  let count = u.n / ${values}u;
  let base = row * count;
${momentsOf("x", split, element)}
  let inverse = deviation_inverse(squares / f32(u.n));
  ${along(`out[base + i] = ${scaled}${bias ? " + bias[i]" : ""};`)}`,
    };
  },
);

/**
 * What a layer norm passes back, in one pass over the rows: with y = (x - mean) * inverse and h = g * weight,
 * dx = inverse * (h - mean(h) - y * mean(h * y)), and gNormed = g * y, whose sum over the rows is the weight's gradient.
 */
export const layerNormBackwardKernel = defineKernel(
  "layer norm backward",
  ({ shared, wide, weight }: RowVariant & { weight: boolean }) => {
    const [split, { type, values, total }] = [rowSplit(shared), rowElement(wide)];
    const along = (body: string) =>
      `for (var j = ${split.start}; j < count; j += ${split.step}) { let i = base + j; ${body} }`;
    const weighted = weight ? "g[i] * weight[j]" : "g[i]";
    return {
      reads: { x: type, g: type, ...(weight && { weight: type }) },
      writes: { dx: type, gNormed: type },
      uniforms: { n: "u32", eps: "f32" },
      split,
      declare: DEVIATION_INVERSE,
      body: `  let count = u.n / ${values}u;
  let base = row * count;
  var total = ${type}();
  ${along("total += x[i];")}
  let mean = ${split.sum(total("total"))} / f32(u.n);
  var squares = ${type}();
  var pulls = ${type}();
  var turns = ${type}();
  ${along(`let d = x[i] - mean; let h = ${weighted}; squares = fma(d, d, squares); pulls += h; turns = fma(h, d, turns);`)}
  let inverse = deviation_inverse(${split.sum(total("squares"))} / f32(u.n));
  let pull = ${split.sum(total("pulls"))} / f32(u.n);
  let turn = ${split.sum(total("turns"))} * inverse / f32(u.n);
  ${along(`let y = (x[i] - mean) * inverse; dx[i] = inverse * (${weighted} - pull - y * turn); gNormed[i] = g[i] * y;`)}`,
    };
  },
);

/** out[row] = 1 / |row|, 0 for a zero row, NaN for one with a NaN. */
export const inverseNormKernel = defineKernel("inverse norm", ({ shared, wide }: RowVariant) => {
  const [split, element] = [rowSplit(shared), rowElement(wide)];
  return {
    reads: { x: element.type },
    writes: { out: "f32" },
    uniforms: { n: "u32" },
    split,
    body: `${inverseNormOf("x", split, element)}
  out[row] = inverse;`,
  };
});

/** Rows times a factor each. */
export const scaleRowsKernel = defineKernel("normalize", ({ shared, wide }: RowVariant) => {
  const [split, { type, values }] = [rowSplit(shared), rowElement(wide)];
  return {
    reads: { x: type, factor: "f32" },
    writes: { out: type },
    uniforms: { n: "u32" },
    split,
    body: `  let count = u.n / ${values}u;
  for (var i = ${split.start}; i < count; i += ${split.step}) { out[row * count + i] = x[row * count + i] * factor[row]; }`,
  };
});

/** out = (x - mean) / sqrt(variance + eps) * weight + bias by channel; a row is one channel of one image; work split: rowStride. */
export const batchNormKernel = defineKernel(
  "batch norm",
  ({ weight, bias }: { weight: boolean; bias: boolean }) => ({
    reads: {
      x: "f32",
      mean: "f32",
      variance: "f32",
      ...(weight && { weight: "f32" }),
      ...(bias && { bias: "f32" }),
    },
    writes: { out: "f32" },
    uniforms: { channels: "u32", eps: "f32" },
    split: rowStride,
    body: `  let c = row % u.channels;
  let factor = ${weight ? "weight[c]" : "1.0"} / sqrt(variance[c] + u.eps);
  let shift = ${bias ? "bias[c]" : "0.0"};
  let center = mean[c];
  ${ALONG} { out[row * u.length + j] = (x[row * u.length + j] - center) * factor + shift; }`,
  }),
);
