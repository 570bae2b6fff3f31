import { wgslScalar } from "../dtype.js";
import { FLAT, type Kernel, kernel, kernelFor } from "../kernels/kernel.js";
import { planRuns, RUNS } from "../kernels/runs.js";
import { scope } from "../scope.js";
import type { Shape } from "../shape.js";
import { Tensor } from "../tensor.js";
import { cast } from "./cast.js";
import { launch } from "./launch.js";

/** Fills the arrays of eight that kernels take for shapes and strides, aligned at the end. */
export const padded8 = (values: readonly number[], fill: number): number[] => [
  ...new Array<number>(8 - values.length).fill(fill),
  ...values,
];

/** WGSL that turns a flat index `i` over `u.shape` into an offset by `u.NAME`, for kernels with u32x8 uniforms. */
export function offsetLoop(names: readonly string[]): string {
  const starts = names.map((name) => `  var at_${name} = 0u;`).join("\n");
  const adds = names.map((name) => `    at_${name} += c * u.${name}[d / 4u][d % 4u];`).join("\n");
  return `${starts}
  var rest = i;
  for (var j = 0u; j < 8u; j++) {
    let d = 7u - j;
    let size = u.shape[d / 4u][d % 4u];
    let c = rest % size;
    rest = rest / size;
${adds}
    if (rest == 0u) { break; }
  }`;
}

/**
 * A contiguous tensor of `shape` whose element at coordinates c is x at offset + sum(c * strides), in elements. The one
 * kernel behind permute, expand and slice; strides may be 0 (repeat) or negative (reverse).
 */
export function stridedCopy(x0: Tensor, shape: Shape, strides: readonly number[], offset = 0): Tensor {
  return scope(() => {
    const x = x0.dtype === "float16" ? cast(x0, "float32") : x0;
    const out = Tensor.empty(x.device, shape, x.dtype);
    const axes = mergedAxes(shape, strides);
    const { size: length, stride: step } = axes.pop() ?? { size: 1, stride: 0 };
    const apart = axes.map(({ stride }) => stride);
    // Whole vectors where runs are contiguous and begin at one.
    const values = step === 1 && [length, offset, ...apart].every((count) => count % 4 === 0) ? 4 : 1;
    const runs = length === 0 ? 0 : out.size / length;
    const { uniforms, grid } = planRuns(runs, length / values, x.device.caps);
    const scalar = wgslScalar(x.dtype);
    launch(
      copyKernel(values === 4 ? `vec4<${scalar}>` : scalar),
      { x, out },
      {
        ...uniforms,
        offset: offset / values,
        step,
        shape: padded8(
          axes.map(({ size }) => size),
          1,
        ),
        strides: padded8(
          apart.map((stride) => stride / values),
          0,
        ),
      },
      grid,
    );
    return out;
  });
}

/** The axes of a walk with as few and as long ones as possible: those that go on where the next one ends are one with it. */
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

/** Runs along the last axis; the offset of a run is worked out once. Negative strides wrap: sums of u32 are exact. */
function copyKernel(type: string): Kernel {
  return kernelFor(`copy:${type}`, () =>
    kernel({
      name: "strided copy",
      reads: { x: type },
      writes: { out: type },
      uniforms: { ...RUNS.uniforms, offset: "u32", step: "u32", shape: "u32x8", strides: "u32x8" },
      workgroup: FLAT,
      body: `  ${RUNS.begin}
  var at = u.offset;
  var rest = row;
  for (var i = 0u; i < 8u && rest > 0u; i++) {
    let d = 7u - i;
    let size = u.shape[d / 4u][d % 4u];
    at += (rest % size) * u.strides[d / 4u][d % 4u];
    rest = rest / size;
  }
  ${RUNS.along} { out[row * u.length + j] = x[at + j * u.step]; }`,
    }),
  );
}
