import { add, div, minimum, mul, sqrt, square } from "../ops/elementwise.js";
import { sum } from "../ops/reduce.js";
import { scope } from "../scope.js";
import type { Tensor } from "../tensor.js";
import { cutApart, layEndToEnd, runsThatFit } from "./flat.js";

/**
 * Scales gradients down together so that their joint length is at most `most`; frees those given in.
 *
 * @example const clipped = clipGradients(gradients, 1);
 */
export function clipGradients(gradients: readonly Tensor[], most: number): Tensor[] {
  if (gradients.length === 0) return [];
  const clipped = scope(() => {
    const runs = runsThatFit(gradients).map((run) => ({
      flat: layEndToEnd(run),
      shapes: run.map(({ shape }) => shape),
    }));
    const total = runs.map(({ flat }) => sum(square(flat))).reduce((a, b) => add(a, b));
    const factor = minimum(div(most, add(sqrt(total), 1e-6)), 1);
    return runs.flatMap(({ flat, shapes }) => cutApart(mul(flat, factor), shapes));
  });
  for (const g of gradients) g.dispose();
  return clipped;
}
