import { check } from "../errors.js";
import { scope } from "../scope.js";
import { formatShape, sameShape } from "../shape.js";
import type { Tensor } from "../tensor.js";
import { stack } from "./concat.js";
import { add, mul } from "./elementwise.js";
import { matmul } from "./matmul.js";
import { type PackedMatrix, packFolded } from "./packed.js";
import { reshape, slice } from "./shape.js";

/** A linear layer that a layer norm was folded into. */
export interface FoldedLinear {
  /** The weight, each input times the norm's weight, and each output's mean taken off. */
  matrix: PackedMatrix;
  /** The bias and what the norm's bias adds to it, [outputs]. */
  bias: Tensor;
}

/**
 * Folds a layer norm's weight g and bias h into the linear layer w, b after it. With N for taking off a row's mean and dividing by
 * its deviation, (N(x) g + h) w^T + b = N(x) (w g)^T + (w h + b); and since rows of N(x) sum to nothing, each output's mean can be taken off
 * w g, after which the product need not take anything off x. So `matmul(x, matrix, { layerNorm: { eps }, bias })` is both layers in one.
 *
 * @param weight [outputs, inputs].
 * @param bias [outputs].
 * @param norm weight and bias of the layer norm, [inputs] each.
 * @throws TensorError `shape` where these do not fit.
 * @example
 * const { matrix, bias } = foldLayerNorm(w, b, { weight: g, bias: h });
 * const y = matmul(x, matrix, { layerNorm: { eps: 1e-5 }, bias });
 */
export function foldLayerNorm(
  weight: Tensor,
  bias: Tensor,
  norm: { weight: Tensor; bias: Tensor },
): FoldedLinear {
  const [outputs, inputs] = weight.shape;
  check(
    weight.rank === 2 &&
      sameShape(bias.shape, [outputs]) &&
      sameShape(norm.weight.shape, [inputs]) &&
      sameShape(norm.bias.shape, [inputs]),
    "shape",
    () =>
      `foldLayerNorm: weight is ${formatShape(weight.shape)}, bias ${formatShape(bias.shape)}, the norm's ` +
      `${formatShape(norm.weight.shape)} and ${formatShape(norm.bias.shape)}; they must be [outputs, inputs], [outputs] and twice [inputs]`,
  );
  return scope(() => {
    const sums = matmul(weight, stack([mul(norm.weight, 1 / inputs), norm.bias]), { transposeB: true });
    const sumOf = (column: number) => reshape(slice(sums, [null, [column, column + 1]]), [outputs]);
    const matrix = packFolded(weight, norm.weight, sumOf(0));
    return { matrix, bias: add(bias, sumOf(1)) };
  });
}
