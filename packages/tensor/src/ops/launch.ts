import type { Grid, UniformValues } from "../device/commands.js";
import type { Kernel } from "../kernels/kernel.js";
import type { Tensor } from "../tensor.js";

/** Runs a kernel on tensors given by binding name; `flop` is its arithmetic, for traces. */
export function launch(
  kernel: Kernel,
  tensors: Record<string, Tensor>,
  uniforms: UniformValues,
  grid: Grid,
  flop = 0,
): void {
  const names = [...kernel.reads, ...kernel.writes];
  const ordered = names.map((name) => tensors[name]);
  ordered[0].device.dispatch(
    kernel,
    ordered.map((t) => t.buffer),
    uniforms,
    grid,
    flop,
  );
}
