import { check } from "../errors.js";
import { scope } from "../scope.js";
import { formatShape, sameShape } from "../shape.js";
import { checkTensor, type Tensor } from "../tensor.js";
import { stack } from "./concat.js";
import { add, mul } from "./elementwise.js";
import { matmul } from "./matmul.js";
import { type PackedMatrix, packFolded } from "./packed.js";
import { reshape, slice } from "./shape.js";

/** A linear layer with a layer norm folded into it. */
export interface FoldedLinear {
  /** The weight with each input times the norm's weight, less the mean of each output. */
  matrix: PackedMatrix;
  /** The bias plus the weight times the norm's bias, [outputs]. */
  bias: Tensor;
}

/**
 * Folds the weight g and bias h of a layer norm into the linear layer w, b after it. Let N(x) be x less the mean of each row, divided by
 * its deviation. Then (N(x) g + h) w^T + b = N(x) (w g)^T + (w h + b). Since the rows of N(x) sum to 0, the mean of each output can be
 * subtracted from w g, after which the product does not depend on the mean of x. So `matmul(x, matrix, { layerNorm: { eps }, bias })` is
 * both layers in one.
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
  for (const x of [weight, bias, norm?.weight, norm?.bias]) checkTensor("foldLayerNorm", x);
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
