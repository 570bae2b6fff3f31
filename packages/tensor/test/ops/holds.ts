import type { Device } from "../../src/device/device.js";
import type { DType } from "../../src/dtype.js";
import type { Op } from "../../src/ops/define.js";
import { type Shape, sizeOf } from "../../src/shape.js";
import { random } from "../support.js";
import { checkForward, checkGradient, Input, type Sample } from "./check-op.js";

/** Seeded float32 values, with a seed of their own. */
export const floats = (shape: Shape, seed = sizeOf(shape) + 1, low = -1.5, high = 1.5): Input =>
  given(random(seed, sizeOf(shape), low, high), shape);

/** Given values. */
export const given = (values: ArrayLike<number>, shape: Shape, dtype: DType = "float32"): Input =>
  new Input(shape, { dtype, values });

/** Asserts that an op gives what its float64 reference gives, and that its gradients are those of the reference. */
export async function holds(
  device: Device,
  op: Op<never[], unknown>,
  args: readonly unknown[],
  options: Omit<Sample, "args"> = {},
): Promise<void> {
  await checkForward(device, op, { args, ...options });
  await checkGradient(device, op, { args, ...options });
}
