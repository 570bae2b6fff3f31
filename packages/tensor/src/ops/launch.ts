import type { Grid, UniformValues } from "../device/commands.js";
import { type DType, wgslScalar } from "../dtype.js";
import { castKernel } from "../kernels/cast.js";
import { fillKernel } from "../kernels/fill.js";
import type { Kernel } from "../kernels/kernel.js";
import { Tensor } from "../tensor.js";

/** One run of a kernel. */
export type Launch = {
  kernel: Kernel;
  /** By the names of the kernel's bindings. A definition's kernel leaves `out` out. */
  tensors: Record<string, Tensor>;
  /** Besides those of the kernel's split. */
  uniforms?: UniformValues;
} & Extent;

/** The values, or the rows and their length, that a kernel's split is for; the workgroups of a kernel without a split. */
type Extent =
  | { over: readonly [count: number, length?: number]; grid?: undefined }
  | { grid: Grid; over?: undefined };

/** Runs a kernel; `flop` is its arithmetic, for traces. */
export function launch({ kernel, tensors, uniforms, over, grid }: Launch, flop = 0): void {
  const ordered = [...kernel.reads, ...kernel.writes].map((name) => tensors[name]);
  const { device } = ordered[0];
  const plan = over && kernel.split?.plan(device.caps, ...over);
  device.dispatch(
    kernel,
    ordered.map((t) => t.buffer),
    { ...plan?.uniforms, ...uniforms },
    (plan?.grid ?? grid) as Grid,
    flop,
  );
}

/** The launch that fills `out` with a value. */
export const fill = (out: Tensor, value: number): Launch => ({
  kernel: fillKernel(wgslScalar(out.dtype)),
  tensors: {},
  uniforms: { value },
  over: [out.size],
});

/** The values in another type, unrecorded: what `cast` runs, and how ops widen float16. */
export function converted(x: Tensor, dtype: DType): Tensor {
  const out = Tensor.empty(x.device, x.shape, dtype);
  launch({
    kernel: castKernel({ from: x.dtype, to: dtype }),
    tensors: { x, out },
    uniforms: { size: x.size },
    over: [dtype === "float16" ? Math.ceil(x.size / 2) : x.size],
  });
  return out;
}
