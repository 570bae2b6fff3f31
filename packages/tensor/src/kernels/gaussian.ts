import { perRow } from "./grid.js";
import { defineKernel, u32 } from "./kernel.js";
import { type RowVariant, rowElement, rowSplit } from "./rows.js";

/**
 * The lower factors of symmetric matrices [count, n, n], column by column (Cholesky). A squared pivot below `least` counts as `least`.
 *
 * Work split: perRow, a matrix each; those that share one take the rows of a column in turn.
 */
export const choleskyKernel = defineKernel("cholesky", ({ threads }: { threads: number }) => ({
  reads: { x: "f32" },
  writes: { out: "f32" },
  uniforms: { n: "u32", least: "f32" },
  split: perRow(threads),
  body: `  let base = e * u.n * u.n;
  for (var j = 0u; j < u.n; j++) {
    let own = base + j * u.n;
    var pivot = x[own + j];
    for (var k = 0u; k < j; k++) { pivot = fma(-out[own + k], out[own + k], pivot); }
    let root = sqrt(select(pivot, u.least, pivot < u.least));
    for (var i = lane; i < u.n; i += ${threads}u) {
      let line = base + i * u.n;
      if (i < j) { out[line + j] = 0.0; }
      if (i == j) { out[line + j] = root; }
      if (i > j) {
        var value = x[line + j];
        for (var k = 0u; k < j; k++) { value = fma(-out[line + k], out[own + k], value); }
        out[line + j] = value / root;
      }
    }${threads > 1 ? "\n    storageBarrier();" : ""}
  }`,
}));

/**
 * Distances sqrt(|delta - A c|^2 / eps + |c|^2) of vectors to Gaussians with covariance A A^T + eps I, c being the solution of
 * (A^T A + eps I) c = A^T delta and delta = x - mean. x [vectors, d], of Gaussian `row % positions` each; mean [positions, d], factors A^T
 * [positions, n, d], lower [positions, n, n] the Cholesky factor of A^T A + eps I. `most` is at least n.
 *
 * Work split: rowSplit. Those that share a vector each solve the small system.
 */
export const mahalanobisKernel = defineKernel(
  "mahalanobis",
  ({ shared, wide, most }: RowVariant & { most: number }) => {
    const [split, element] = [rowSplit(shared), rowElement(wide)];
    const along = `for (var k = ${split.start}; k < count; k += ${split.step})`;
    return {
      reads: { x: element.type, mean: element.type, factors: element.type, lower: "f32" },
      writes: { out: "f32" },
      uniforms: { ...u32("positions", "n", "d"), eps: "f32" },
      split,
      body: `  let count = u.d / ${element.values}u;
  let position = row % u.positions;
  let own = row * count;
  let middle = position * count;
  let first = position * u.n * count;
  let base = position * u.n * u.n;
  var c: array<f32, ${most}>;
  for (var i = 0u; i < u.n; i++) {
    var dots = ${element.type}();
    ${along} { dots = fma(factors[first + i * count + k], x[own + k] - mean[middle + k], dots); }
    var value = ${split.sum(element.total("dots"))};
    for (var j = 0u; j < i; j++) { value = fma(-lower[base + i * u.n + j], c[j], value); }
    c[i] = value / lower[base + i * u.n + i];
  }
  var within = 0.0;
  for (var left = u.n; left > 0u; left--) {
    let i = left - 1u;
    var value = c[i];
    for (var j = left; j < u.n; j++) { value = fma(-lower[base + j * u.n + i], c[j], value); }
    c[i] = value / lower[base + i * u.n + i];
    within = fma(c[i], c[i], within);
  }
  var squares = ${element.type}();
  ${along} {
    var apart = x[own + k] - mean[middle + k];
    for (var i = 0u; i < u.n; i++) { apart -= c[i] * factors[first + i * count + k]; }
    squares = fma(apart, apart, squares);
  }
  let outside = ${split.sum(element.total("squares"))};
  if (${split.start} == 0u) { out[row] = sqrt(outside / u.eps + within); }`,
    };
  },
);
