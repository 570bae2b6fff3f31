import { check } from "../errors.js";
import { FLAT, FLAT_INDEX, flatGrid, kernel, kernelFor } from "../kernels/kernel.js";
import { scope } from "../scope.js";
import { type Shape, sizeOf } from "../shape.js";
import { Tensor } from "../tensor.js";
import { cast } from "./cast.js";
import { launch } from "./launch.js";

/**
 * The gradient of `gather`: adds slices of `values` into zeros of `shape`, each at its index along an axis. Every output
 * sums its own slices in order, so the result has the same bits each time.
 *
 * @param values [...shape before axis, ...indices, ...shape after axis].
 * @param indices int32 or uint32 of any shape; those outside the axis count for the nearest end, as in `gather`.
 * @example
 * const tableGradient = scatterAdd(g, tokens, table.shape, 0);
 */
export function scatterAdd(values: Tensor, indices: Tensor, shape: Shape, axis: number): Tensor {
  const inner = sizeOf(shape.slice(axis + 1));
  const outer = sizeOf(shape.slice(0, axis));
  check(
    values.size === outer * indices.size * inner,
    "shape",
    () =>
      `scatterAdd: ${values.size} values do not fit ${indices.size} indices of ${outer} x ${inner} values`,
  );
  return scope(() => {
    const source = cast(values, "float32");
    const whole = cast(indices, "int32");
    const out = Tensor.empty(values.device, shape);
    const text = kernelFor("scatterAdd", () =>
      kernel({
        name: "scatter add",
        reads: { source: "f32", index: "i32" },
        writes: { out: "f32" },
        uniforms: { count: "u32", size: "u32", picks: "u32", inner: "u32" },
        workgroup: FLAT,
        // An output looks through all indices: no atomics, which floats lack, and the order of the sum is fixed.
        body: `${FLAT_INDEX}
  if (i >= u.count) { return; }
  let j = i % u.inner;
  let place = i32(i / u.inner % u.size);
  let base = i / (u.inner * u.size) * u.picks;
  var total = 0.0;
  for (var p = 0u; p < u.picks; p++) {
    if (clamp(index[p], 0, i32(u.size) - 1) == place) { total += source[(base + p) * u.inner + j]; }
  }
  out[i] = total;`,
      }),
    );
    launch(
      text,
      { source, index: whole, out },
      { count: out.size, size: shape[axis], picks: indices.size, inner },
      flatGrid(out.size),
    );
    return out;
  });
}
