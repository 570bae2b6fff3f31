import { check } from "../errors.js";
import type { Kernel } from "../kernels/kernel.js";
import {
  inverseNormKernel,
  layerNormBackwardKernel,
  layerNormKernel,
  scaleRowsKernel,
} from "../kernels/norm.js";
import { planRowKernel, type RowVariant } from "../kernels/rows.js";
import { checkIs } from "../shape.js";
import { Tensor } from "../tensor.js";
import { cast } from "./cast.js";
import { defineOp, FLOATS, type Op } from "./define.js";
import { mul, neg, sub } from "./elementwise.js";
import { type Launch, launch } from "./launch.js";
import { NUMBER, TENSOR } from "./options.js";
import { alongAxis, meanOf, varianceOf } from "./reference.js";
import { unsqueeze } from "./shape.js";
import { sum, unbroadcast } from "./sum.js";

export interface LayerNormOptions {
  /** Per-column factor and shift, each [n]. */
  weight?: Tensor;
  bias?: Tensor;
  /** Added to the variance. Default 1e-5. */
  eps?: number;
}

/**
 * Layer normalisation over the last axis: (x - mean) / sqrt(var + eps) * weight + bias, the variance without correction.
 *
 * @param x [..., n].
 * @throws TensorError `shape` where weight or bias is not [n].
 * @example
 * const y = layerNorm(x, { weight, bias, eps: 1e-5 });
 */
export const layerNorm: Op<[x: Tensor, options?: LayerNormOptions]> = defineOp("layerNorm", {
  check: (x: Tensor, { weight, bias, eps = 1e-5 }: LayerNormOptions = {}) => {
    check(x.rank >= 1, "shape", () => "layerNorm: a scalar has no axis to normalise");
    const n = x.shape[x.rank - 1];
    checkIs("layerNorm: weight", weight, [n]);
    checkIs("layerNorm: bias", bias, [n]);
    return { x, weight, bias, eps };
  },
  options: { at: 1, takes: { weight: TENSOR, bias: TENSOR, eps: NUMBER } },
  takes: FLOATS,
  shape: ({ x }) => x.shape,
  kernel: ({ x, weight, bias, eps }) => {
    const parts = { ...(weight && { weight }), ...(bias && { bias }) };
    return overRows(x, { x, ...parts }, { eps }, (rows) =>
      layerNormKernel({ ...rows, weight: weight !== undefined, bias: bias !== undefined }),
    );
  },
  flop: ({ x }) => 8 * x.size,
  saves: ["x", "weight"],
  vjp: ({ g, x, weight, shapes, eps }, wanted) => {
    const { dx, gNormed } = layerNormBackward(x, weight, g, eps);
    return {
      x: dx,
      weight: wanted.weight ? unbroadcast(gNormed, shapes.weight) : null,
      bias: wanted.bias ? unbroadcast(g, shapes.bias) : null,
    };
  },
  reference: ({ x, weight, bias, eps }) =>
    alongAxis(x, x.shape.length - 1, (row) => {
      const [mean, deviation] = [meanOf(row), Math.sqrt(varianceOf(row) + eps)];
      const normed = row.map((v) => (v - mean) / deviation);
      return normed.map((v, i) => v * (weight?.values[i] ?? 1) + (bias?.values[i] ?? 0));
    }),
});

/** The gradient of a layer norm by x, and g times the normalised rows, whose sum over the rows is the weight's gradient. */
function layerNormBackward(x: Tensor, weight: Tensor | undefined, g: Tensor, eps: number) {
  const [dx, gNormed] = [Tensor.empty(x.device, x.shape), Tensor.empty(x.device, x.shape)];
  if (x.size === 0) return { dx, gNormed };
  const [wideX, wideWeight] = [x, weight].map((t) => t && cast(t, "float32"));
  const tensors = { x: wideX as Tensor, g, dx, gNormed, ...(wideWeight && { weight: wideWeight }) };
  launch(
    overRows(x, tensors, { eps }, (rows) =>
      layerNormBackwardKernel({ ...rows, weight: weight !== undefined }),
    ),
  );
  return { dx, gNormed };
}

/**
 * 1 / |row| for each row of the last axis, 0 for a zero row.
 *
 * @param x [..., n].
 * @returns [...].
 * @example const unit = mul(x, unsqueeze(inverseNorm(x), -1));
 */
export const inverseNorm = defineOp("inverseNorm", {
  check: (x: Tensor) => ({ x: withAxis("inverseNorm", x) }),
  takes: FLOATS,
  shape: ({ x }) => x.shape.slice(0, -1),
  kernel: ({ x }) => overRows(x, { x }, {}, inverseNormKernel),
  flop: ({ x }) => 2 * x.size,
  saves: ["x", "out"],
  // -x / |x|^3, and 0 for a row of zeros.
  vjp: { x: ({ g, x, out }) => mul(mul(x, unsqueeze(out, -1)), unsqueeze(mul(mul(g, out), neg(out)), -1)) },
  reference: ({ x }) => alongAxis(x, x.shape.length - 1, (row) => [inverseLength(row)]),
});

/**
 * Rows of the last axis divided by their Euclidean length; zero rows stay zero.
 *
 * @param x [..., n].
 * @example const unit = normalize(features);
 */
export const normalize = defineOp("normalize", {
  check: (x: Tensor) => ({ x: withAxis("normalize", x) }),
  takes: FLOATS,
  shape: ({ x }) => x.shape,
  kernel: ({ x }) => overRows(x, { x, factor: inverseNorm(x) }, {}, scaleRowsKernel),
  flop: ({ x }) => 3 * x.size,
  saves: ["x", "out"],
  vjp: {
    x: ({ g, x, out }) =>
      mul(sub(g, mul(out, sum(mul(g, out), -1, { keepDims: true }))), unsqueeze(inverseNorm(x), -1)),
  },
  reference: ({ x }) => alongAxis(x, x.shape.length - 1, (row) => row.map((v) => v * inverseLength(row))),
});

const inverseLength = (row: readonly number[]): number => {
  const length = Math.sqrt(row.reduce((sum, v) => sum + v * v, 0));
  return length > 0 ? 1 / length : length * 0;
};

function withAxis(name: string, x: Tensor): Tensor {
  check(x.rank >= 1, "shape", () => `${name}: a scalar has no axis to normalise; reshape it to [1]`);
  return x;
}

/** The launch of a kernel over the rows of x's last axis. */
function overRows(
  x: Tensor,
  tensors: Record<string, Tensor>,
  uniforms: Record<string, number>,
  kernelOf: (rows: RowVariant) => Kernel,
): Launch {
  const n = x.shape[x.rank - 1];
  const kernel = kernelOf(planRowKernel(n, x.device.caps));
  return { kernel, tensors, uniforms: { ...uniforms, n }, over: [x.size / n] };
}
