import { add, div, minimum, mul, sqrt, square } from "../ops/elementwise.js";
import { sum } from "../ops/sum.js";
import { scope } from "../scope.js";
import type { Tensor } from "../tensor.js";
import { concatFlat, groupsThatFit, splitFlat } from "./flat.js";

/**
 * Scales all gradients by one factor so that their joint L2 norm is at most `maxNorm`; frees those given.
 *
 * @example const clipped = clipGradients(gradients, 1);
 */
export function clipGradients(gradients: readonly Tensor[], maxNorm: number): Tensor[] {
  if (gradients.length === 0) return [];
  const clipped = scope(() => {
    const groups = groupsThatFit(gradients).map((group) => ({
      flat: concatFlat(group),
      shapes: group.map(({ shape }) => shape),
    }));
    const total = groups.map(({ flat }) => sum(square(flat))).reduce((a, b) => add(a, b));
    // A norm that float32 does not hold is an error to be seen: NaN, where its factor alone would be 0.
    const factor = add(minimum(div(maxNorm, add(sqrt(total), 1e-6)), 1), mul(total, 0));
    return groups.flatMap(({ flat, shapes }) => splitFlat(mul(flat, factor), shapes));
  });
  for (const g of gradients) g.dispose();
  return clipped;
}
