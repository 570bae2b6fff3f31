import { check } from "../errors.js";
import { choleskyKernel, mahalanobisKernel, planGaussianKernel } from "../kernels/gaussian.js";
import { checkIs, formatShape, sizeOf } from "../shape.js";
import type { Tensor } from "../tensor.js";
import { defineOp, FLOATS } from "./define.js";
import { NUMBER } from "./options.js";
import { total } from "./reference.js";

/* Gaussians: the Cholesky factor of covariances, and distances. */

/**
 * The lower triangular L with L L^T = x, for each of a batch of symmetric matrices. Reads the lower half. No gradient flows back.
 *
 * @param x [..., n, n], symmetric and positive definite.
 * @param options.least what a smaller squared pivot counts as, where it is known that none truly is; default 0, which leaves infinities
 * where a matrix is singular.
 * @throws TensorError `shape` unless the last two axes are equal.
 * @example const l = cholesky(covariance, { least: 0.01 });
 */
export const cholesky = defineOp("cholesky", {
  check: (x: Tensor, options: { least?: number } = {}) => {
    const [rows, columns] = x.shape.slice(-2);
    check(
      x.rank >= 2 && rows === columns,
      "shape",
      () => `cholesky: ${formatShape(x.shape)} are no square matrices; give [..., n, n]`,
    );
    return { x, least: options.least ?? 0 };
  },
  options: { at: 1, takes: { least: NUMBER } },
  takes: FLOATS,
  shape: ({ x }) => x.shape,
  kernel: ({ x, least }, out) => {
    const n = x.shape[x.rank - 1];
    const kernel = choleskyKernel({ threads: x.device.caps.family === "workgroup" ? 64 : 1 });
    return { kernel, tensors: { x }, uniforms: { n, least }, over: [out.size / n ** 2] };
  },
  flop: ({ x }) => (x.size * x.shape[x.rank - 1]) / 3,
  reference: ({ x, least }) => {
    const n = x.shape[x.shape.length - 1];
    return Array.from({ length: sizeOf(x.shape.slice(0, -2)) }, (_, batch) =>
      factor(n, least, (i, j) => x.values[(batch * n + i) * n + j]),
    ).flat();
  },
});

/**
 * Mahalanobis distances of vectors to one Gaussian for each position, with the covariance A A^T + epsilon I, without its inverse: let
 * delta be x - mean, and c the solution of (A^T A + epsilon I) c = A^T delta. Then the squared distance is
 * |delta - A c|^2 / epsilon + |c|^2, a sum of squares at its least over c, so that an error in c enters squared. No gradient flows back.
 *
 * @param x [..., positions, d].
 * @param mean [positions, d].
 * @param factors A^T, [positions, n, d], n at most 1024; n = 0 leaves epsilon I alone.
 * @param lower `cholesky` of A^T A + epsilon I, [positions, n, n].
 * @returns [..., positions].
 * @throws TensorError `shape` where these do not fit, `argument` unless epsilon is above 0.
 * @example const distance = mahalanobis(patches, mean, factors, lower, 0.01);
 */
export const mahalanobis = defineOp("mahalanobis", {
  check: (x: Tensor, mean: Tensor, factors: Tensor, lower: Tensor, epsilon: number) => {
    const [positions, n, d] = factors.shape;
    check(
      factors.rank === 3 && n <= 1024,
      "shape",
      () =>
        `mahalanobis: factors are ${formatShape(factors.shape)} and must be [positions, n, d], n at most 1024`,
    );
    checkIs("mahalanobis: mean", mean, [positions, d]);
    checkIs("mahalanobis: lower", lower, [positions, n, n]);
    checkIs("mahalanobis: x", x, [...x.shape.slice(0, -2), positions, d]);
    check(epsilon > 0, "argument", () => `mahalanobis: epsilon is ${epsilon} and must be above 0`);
    return { x, mean, factors, lower, epsilon, positions, n, d };
  },
  takes: FLOATS,
  shape: ({ x }) => x.shape.slice(0, -1),
  kernel: ({ x, mean, factors, lower, epsilon, positions, n, d }, out) => {
    const views = out.size / positions;
    const plan = planGaussianKernel({ views, n, d }, out.device.caps);
    // A binding is never empty.
    const tensors = n === 0 ? { x, mean, factors: mean, lower: mean } : { x, mean, factors, lower };
    return {
      ...{ kernel: mahalanobisKernel(plan), tensors },
      uniforms: { views, positions, n, d, eps: epsilon },
      over: [positions * Math.ceil(views / plan.views)],
    };
  },
  flop: ({ n, d }, out) => out.size * (4 * n * d + 3 * d + 2 * n * n),
  reference: ({ x, mean, factors, lower, epsilon, positions, n, d }) =>
    Array.from({ length: sizeOf(x.shape.slice(0, -1)) }, (_, row) => {
      const p = row % positions;
      const a = (i: number, e: number) => factors.values[(p * n + i) * d + e];
      const l = (i: number, j: number) => lower.values[(p * n + i) * n + j];
      const delta = Array.from({ length: d }, (_, e) => x.values[row * d + e] - mean.values[p * d + e]);
      const c: number[] = [];
      for (let i = 0; i < n; i++)
        c.push((total(d, (e) => a(i, e) * delta[e]) - total(i, (j) => l(i, j) * c[j])) / l(i, i));
      for (let i = n - 1; i >= 0; i--)
        c[i] = (c[i] - total(n - 1 - i, (j) => l(i + 1 + j, i) * c[i + 1 + j])) / l(i, i);
      const outside = total(d, (e) => (delta[e] - total(n, (i) => a(i, e) * c[i])) ** 2);
      return Math.sqrt(outside / epsilon + total(n, (i) => c[i] ** 2));
    }),
});

function factor(n: number, least: number, x: (i: number, j: number) => number): number[] {
  const l = new Array<number>(n * n).fill(0);
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      const rest = x(i, j) - total(j, (k) => l[i * n + k] * l[j * n + k]);
      l[i * n + j] = i === j ? Math.sqrt(Math.max(rest, least)) : rest / l[j * n + j];
    }
  return l;
}
