import type { Device } from "../device/device.js";
import { type RandomOptions, uniform } from "../random.js";
import type { Shape } from "../shape.js";
import type { Tensor } from "../tensor.js";

/** Where a layer's first values come from. Give each layer a seed or a stream of its own; default 0 throughout. */
export type Initial = Partial<RandomOptions>;

/** What takes a tensor and gives one. */
export interface Layer {
  forward(x: Tensor): Tensor;
}

/** Values spread evenly over [-bound, bound). */
export const spreadEvenly = (
  device: Device,
  shape: Shape,
  bound: number,
  { seed = 0, stream = 0, offset = 0 }: Initial,
): Tensor => uniform(device, shape, { seed, stream, offset, low: -bound, high: bound });
