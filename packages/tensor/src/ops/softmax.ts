import { recorded } from "../autograd/record.js";
import { isFloat } from "../dtype.js";
import { check } from "../errors.js";
import { FLAT, flatGrid } from "../kernels/kernel.js";
import { planRows } from "../kernels/plan.js";
import { softmaxKernel } from "../kernels/softmax.js";
import { scope } from "../scope.js";
import { normalizeAxis, sizeOf } from "../shape.js";
import { Tensor } from "../tensor.js";
import { cast } from "./cast.js";
import { launch } from "./launch.js";

/**
 * exp(x) over its sum along an axis, computed from x minus its largest value. Rows that are -Infinity throughout, or hold
 * NaN or Infinity, become NaN.
 *
 * @param axis default the last.
 * @example const probabilities = softmax(logits);
 */
export function softmax(x: Tensor, axis = -1): Tensor {
  return normalized("softmax", x, axis);
}

/** The logarithm of `softmax`, exact also where that rounds to 0. @example const nll = neg(logSoftmax(logits)); */
export function logSoftmax(x: Tensor, axis = -1): Tensor {
  return normalized("logSoftmax", x, axis);
}

function normalized(name: "softmax" | "logSoftmax", x0: Tensor, axis: number): Tensor {
  check(isFloat(x0.dtype), "dtype", () => `${name}: x is ${x0.dtype}; cast(x, "float32") first`);
  const at = normalizeAxis(name, axis, x0.rank);
  return recorded(name, [x0], { axis: at }, () => run(name, x0, at));
}

function run(name: "softmax" | "logSoftmax", x0: Tensor, at: number): Tensor {
  return scope(() => {
    const x = cast(x0, "float32");
    const out = Tensor.empty(x.device, x.shape);
    const n = x.shape[at];
    const inner = sizeOf(x.shape.slice(at + 1));
    const count = out.size === 0 ? 0 : out.size / n;
    const { caps } = x.device;
    const threads = planRows(count, n, inner, caps);
    const wide = inner === 1 && n % 4 === 0;
    launch(
      softmaxKernel({ log: name === "logSoftmax", threads, wide }),
      { x, out },
      { count, n, inner, block: Math.ceil(Math.sqrt(n / threads / (wide ? 4 : 1))) },
      flatGrid(threads === 1 ? count : count * FLAT, caps.maxWorkgroupsPerDimension),
    );
    return out;
  });
}
