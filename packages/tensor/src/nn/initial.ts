import { full } from "../create.js";
import type { Device } from "../device/device.js";
import type { DType } from "../dtype.js";
import { normal, type RandomOptions, uniform } from "../random.js";
import type { Shape } from "../shape.js";
import type { Tensor } from "../tensor.js";

/** The source of a layer's initial values. Give each layer a seed or a stream of its own; default 0 throughout. */
export type Initial = Partial<RandomOptions>;

/** Makes a parameter's initial values on a device. */
export type Initializer = (device: Device, shape: Shape, dtype: DType) => Tensor;

/** One value throughout. */
export const filledWith =
  (value: number): Initializer =>
  (device, shape, dtype) =>
    full(device, shape, value, dtype);

export const zeroed: Initializer = filledWith(0);

/** Uniform over [-bound, bound); zeros where the bound is 0. */
export const uniformWithin = (bound: number, { seed = 0, stream = 0, offset = 0 }: Initial): Initializer =>
  bound === 0
    ? zeroed
    : (device, shape) => uniform(device, shape, { seed, stream, offset, low: -bound, high: bound });

/** Normally distributed. */
export const normally =
  ({ seed = 0, stream = 0, offset = 0 }: Initial): Initializer =>
  (device, shape) =>
    normal(device, shape, { seed, stream, offset });
