import type { Device } from "../device/device.js";
import { mul, sub } from "../ops/elementwise.js";
import { type RandomOptions, uniform } from "../random.js";
import { scope } from "../scope.js";
import type { Shape } from "../shape.js";
import type { Tensor } from "../tensor.js";

/** Where a layer's first values come from. Give each layer a seed or a stream of its own; default 0 and 0. */
export type Initial = Partial<Pick<RandomOptions, "seed" | "stream">>;

/** What takes a tensor and gives one. */
export interface Layer {
  forward(x: Tensor): Tensor;
}

/** Values spread evenly over [-bound, bound), from place `offset` of the stream on. */
export const spreadEvenly = (
  device: Device,
  shape: Shape,
  bound: number,
  { seed = 0, stream = 0 }: Initial,
  offset = 0,
): Tensor => scope(() => mul(sub(uniform(device, shape, { seed, stream, offset }), 0.5), 2 * bound));
