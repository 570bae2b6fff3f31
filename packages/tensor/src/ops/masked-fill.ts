import { broadcastShapes } from "../shape.js";
import type { Tensor } from "../tensor.js";
import { where } from "./comparison.js";
import { composeOp } from "./compose.js";
import type { Operand } from "./elementwise-run.js";
import { generate, valueAt } from "./reference.js";

/**
 * x with a value where a mask is true; all broadcast.
 *
 * @param mask bool.
 * @example maskedFill(scores, mask, -Infinity);
 */
export const maskedFill = composeOp("maskedFill", {
  check: (x: Tensor, mask: Tensor, value: Operand) => ({ x, mask, value }),
  build: ({ x, mask, value }) => where(mask, value, x),
  reference: ({ x, mask, value }) => {
    const of = (operand: typeof value, at: number[]) =>
      typeof operand === "number" ? operand : valueAt(operand as unknown as typeof x, at);
    const shapes = [x.shape, mask.shape, typeof value === "number" ? [] : value.shape];
    const shape = shapes.reduce((a, b) => broadcastShapes("maskedFill", a, b));
    return generate(shape, (at) => (valueAt(mask, at) ? of(value, at) : valueAt(x, at)));
  },
});
