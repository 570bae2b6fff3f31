import type { Device } from "../device/device.js";
import { gather, type Indices } from "../ops/gather.js";
import { normal } from "../random.js";
import type { Tensor } from "../tensor.js";
import type { Initial } from "./layer.js";
import { Module, Parameter } from "./module.js";

/**
 * A learned vector for each of `count` numbers, at first normally distributed.
 *
 * @example
 * const tokens = new nn.Embedding(device, 49408, 512, { seed: 7 });
 * const x = tokens.forward(ids); // [b, 77] gives [b, 77, 512]
 */
export class Embedding extends Module {
  /** [count, width]. */
  readonly weight: Parameter;

  constructor(device: Device, count: number, width: number, initial: Initial = {}) {
    super();
    this.weight = new Parameter(normal(device, [count, width], { seed: 0, ...initial }));
  }

  /** @param indices whole numbers of any shape, as for `gather`. */
  forward(indices: Indices): Tensor {
    return gather(this.weight.value, indices);
  }
}
