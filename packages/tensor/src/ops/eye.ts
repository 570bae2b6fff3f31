import { arange } from "../create.js";
import { withDevice } from "../device/default.js";
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
export function eye<D extends ComputeType = "float32">(
  device: Device,
  rows: number,
  columns?: number,
  dtype?: D,
): Tensor<D>;
export function eye<D extends ComputeType = "float32">(rows: number, columns?: number, dtype?: D): Tensor<D>;
export function eye(...args: unknown[]): Tensor {
  const [device, rows, columns = rows, dtype] = withDevice<[number, number?, ComputeType?]>(args);
  checkShape("eye", [rows, columns]);
  return scope(() => oneHot(arange(device, rows, "int32"), columns, dtype));
}
