import type { Device } from "../device/device.js";
import { matmul } from "../ops/matmul.js";
import { reshape } from "../ops/shape.js";
import { scope } from "../scope.js";
import type { Shape } from "../shape.js";
import type { Tensor } from "../tensor.js";
import { type Initial, spreadEvenly } from "./layer.js";
import { Module, Parameter } from "./module.js";

export interface LinearOptions extends Initial {
  /** Default true. */
  bias?: boolean;
}

/**
 * x weight^T + bias. Weight and bias start evenly spread within 1 / sqrt(inputs), PyTorch's default.
 *
 * @example
 * const fc = new nn.Linear(device, 896, 128, { seed: 7 });
 * const y = fc.forward(x); // [..., 896] gives [..., 128]
 */
export class Linear extends Module {
  /** [outputs, inputs]. */
  readonly weight: Parameter;
  /** [outputs]. */
  readonly bias: Parameter | null;

  constructor(device: Device, inputs: number, outputs: number, options: LinearOptions = {}) {
    super();
    const { bias = true, offset = 0 } = options;
    const bound = inputs > 0 ? 1 / Math.sqrt(inputs) : 0;
    const first = (shape: Shape, skip: number) =>
      new Parameter(spreadEvenly(device, shape, bound, { ...options, offset: offset + skip }));
    this.weight = first([outputs, inputs], 0);
    this.bias = bias ? first([outputs], outputs * inputs) : null;
  }

  /** @param x [..., inputs], also of rank 1. */
  forward(x: Tensor): Tensor {
    const { weight, bias } = this;
    return scope(() => {
      const rows = x.rank === 1 ? reshape(x, [1, -1]) : x;
      const y = matmul(rows, weight.value, { transposeB: true, bias: bias?.value });
      return x.rank === 1 ? reshape(y, [-1]) : y;
    });
  }
}
