import { wgslScalar } from "../dtype.js";
import { FLAT, FLAT_INDEX, flatGrid, kernel, kernelFor } from "../kernels/kernel.js";
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
  const x = x0.dtype === "float16" ? cast(x0, "float32") : x0;
  const out = Tensor.empty(x.device, shape, x.dtype);
  const type = wgslScalar(x.dtype);
  const copy = kernelFor(`copy:${type}`, () =>
    kernel({
      name: "strided copy",
      reads: { x: type },
      writes: { out: type },
      uniforms: { count: "u32", offset: "u32", shape: "u32x8", strides: "u32x8" },
      workgroup: FLAT,
      // Negative strides wrap: sums of u32 are exact modulo 2^32.
      body: `${FLAT_INDEX}
  if (i >= u.count) { return; }
${offsetLoop(["strides"])}
  out[i] = x[u.offset + at_strides];`,
    }),
  );
  launch(
    copy,
    { x, out },
    { count: out.size, offset, shape: padded8(shape, 1), strides: padded8(strides, 0) },
    flatGrid(out.size),
  );
  return out;
}
