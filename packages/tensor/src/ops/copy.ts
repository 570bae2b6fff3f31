import { wgslScalar } from "../dtype.js";
import { copyKernel, padded8 } from "../kernels/strided.js";
import type { Shape } from "../shape.js";
import { Tensor } from "../tensor.js";
import { converted, launch } from "./launch.js";

/**
 * A contiguous tensor of `shape` whose element at coordinates c is x at offset + sum(c * strides), in elements: what permute,
 * expand and slice run. Strides may be 0 (repeat) or negative (reverse). float16 is widened.
 */
export function copied(x0: Tensor, shape: Shape, strides: readonly number[], offset = 0): Tensor {
  const x = x0.dtype === "float16" ? converted(x0, "float32") : x0;
  const out = Tensor.empty(x.device, shape, x.dtype);
  walk(x, out, shape, strides, offset, false);
  return out;
}

/** The opposite: writes the elements of x, coordinates c, to offset + sum(c * strides) of `out`. */
export function place(x: Tensor, out: Tensor, strides: readonly number[], offset: number): void {
  walk(x, out, x.shape, strides, offset, true);
}

function walk(
  x: Tensor,
  out: Tensor,
  shape: Shape,
  strides: readonly number[],
  offset: number,
  scatter: boolean,
): void {
  const axes = mergedAxes(shape, strides);
  const { size: length, stride: step } = axes.pop() ?? { size: 1, stride: 0 };
  const apart = axes.map(({ stride }) => stride);
  // Whole vectors where rows are contiguous and begin at one.
  const values = step === 1 && [length, offset, ...apart].every((count) => count % 4 === 0) ? 4 : 1;
  const size = scatter ? x.size : out.size;
  const scalar = wgslScalar(x.dtype);
  launch({
    kernel: copyKernel({ type: values === 4 ? `vec4<${scalar}>` : scalar, scatter }),
    tensors: { x, out },
    uniforms: {
      offset: offset / values,
      step,
      shape: padded8(
        axes.map((axis) => axis.size),
        1,
      ),
      strides: padded8(
        apart.map((stride) => stride / values),
        0,
      ),
    },
    over: [length === 0 ? 0 : size / length, length / values],
  });
}

/** The axes of a walk, as few and as long as possible: an axis that goes on where the next one ends is one with it. */
function mergedAxes(shape: Shape, strides: readonly number[]): { size: number; stride: number }[] {
  const axes: { size: number; stride: number }[] = [];
  for (const [i, size] of shape.entries()) {
    if (size === 1) continue;
    const last = axes.at(-1);
    if (last && last.stride === strides[i] * size)
      axes.splice(-1, 1, { size: last.size * size, stride: strides[i] });
    else axes.push({ size, stride: strides[i] });
  }
  return axes;
}
