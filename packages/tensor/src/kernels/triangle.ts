import { ALONG, rowStride } from "./grid.js";
import { defineKernel } from "./kernel.js";

/**
 * Zeros above (`lower`) or below a diagonal of matrices [height, length]: row r keeps columns up to r + diagonal, or from
 * there on. Rows as in `rowStride`.
 */
export const triangleKernel = defineKernel(
  "triangle",
  ({ type, lower }: { type: "f32" | "i32" | "u32"; lower: boolean }) => ({
    name: lower ? "lower triangle" : "upper triangle",
    reads: { x: type },
    writes: { out: type },
    uniforms: { height: "u32", diagonal: "i32" },
    split: rowStride,
    body: `  let edge = i32(row % u.height) + u.diagonal;
  ${ALONG} {
    var value = ${type}(0);
    if (i32(j) ${lower ? "<=" : ">="} edge) { value = x[row * u.length + j]; }
    out[row * u.length + j] = value;
  }`,
  }),
);
