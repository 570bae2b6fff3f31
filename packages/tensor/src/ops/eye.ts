import { arange } from "../create.js";
import { onDevice } from "../device/default.js";
import type { Device } from "../device/device.js";
import type { ComputeType } from "../dtype.js";
import { scope } from "../scope.js";
import { checkShape } from "../shape.js";
import type { Tensor } from "../tensor.js";
import { oneHot } from "./gather.js";

/**
 * Ones on the main diagonal of [rows, columns], zeros elsewhere.
 *
 * @param columns default as many as rows.
 * @example const identity = eye(device, 3);
 */
export const eye: Eye = onDevice((device, rows: number, columns: number = rows, dtype?: ComputeType) => {
  checkShape("eye", [rows, columns]);
  return scope(() => oneHot(arange(device, rows, "int32"), columns, dtype));
});

interface Eye {
  <D extends ComputeType = "float32">(device: Device, rows: number, columns?: number, dtype?: D): Tensor<D>;
  <D extends ComputeType = "float32">(rows: number, columns?: number, dtype?: D): Tensor<D>;
}
