import type { Grid, UniformValues } from "../device/commands.js";
import type { DType } from "../dtype.js";
import { castKernel } from "../kernels/cast.js";
import { gridStride } from "../kernels/grid.js";
import type { Kernel } from "../kernels/kernel.js";
import { Tensor } from "../tensor.js";

/** One run of a kernel. */
export interface Launch {
  kernel: Kernel;
  /** By the names of the kernel's bindings. A definition's kernel leaves `out` out. */
  tensors: Record<string, Tensor>;
  uniforms: UniformValues;
  grid: Grid;
}

/** Runs a kernel; `flop` is its arithmetic, for traces. */
export function launch({ kernel, tensors, uniforms, grid }: Launch, flop = 0): void {
  const ordered = [...kernel.reads, ...kernel.writes].map((name) => tensors[name]);
  ordered[0].device.dispatch(
    kernel,
    ordered.map((t) => t.buffer),
    uniforms,
    grid,
    flop,
  );
}

/** The values in another type, unrecorded: what `cast` runs, and how ops widen float16. */
export function converted(x: Tensor, dtype: DType): Tensor {
  const out = Tensor.empty(x.device, x.shape, dtype);
  const { uniforms, grid } = gridStride.plan(
    dtype === "float16" ? Math.ceil(x.size / 2) : x.size,
    x.device.caps,
  );
  launch({
    kernel: castKernel({ from: x.dtype, to: dtype }),
    tensors: { x, out },
    uniforms: { ...uniforms, size: x.size },
    grid,
  });
  return out;
}
